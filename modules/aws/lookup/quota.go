package lookup

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

// Quota asks Service Quotas for the limits that the labels can touch, and lists the instances that count against them. It
// grows with the region's instances, a call for each 1,000 of them.
func (c *Cloud) Quota(ctx context.Context) (driver.Quota, error) {
	q := driver.Quota{Limits: map[string]float64{}}
	s, err := c.connect(ctx)
	if err != nil {
		return q, err
	}
	codes := map[string]bool{}
	for _, l := range labels(c.provider) {
		for _, t := range l.Types() {
			for code := range need(l, size{Name: t}) {
				codes[code] = strings.HasPrefix(code, "L-")
			}
		}
	}
	for _, service := range []string{"ec2", "ebs"} {
		if err := s.limits(ctx, service, codes, q.Limits); err != nil {
			return q, fmt.Errorf("quotas of %s: %w", service, err)
		}
	}
	q.Machines, err = s.machines(ctx)
	return q, err
}

// storageScale: a limit of storage is in TB, what counts against it in GB.
const storageScale = 1000

func (s *session) limits(ctx context.Context, service string, codes map[string]bool, to map[string]float64) error {
	in := map[string]any{"ServiceCode": service}
	for {
		var page struct {
			Quotas []struct {
				QuotaCode string
				Value     float64
			}
			NextToken string
		}
		if err := s.quotas(ctx, "ListServiceQuotas", in, &page); err != nil {
			return err
		}
		for _, q := range page.Quotas {
			if !codes[q.QuotaCode] {
				continue
			}
			if to[q.QuotaCode] = q.Value; isStorage(q.QuotaCode) {
				to[q.QuotaCode] *= storageScale
			}
		}
		if page.NextToken == "" {
			return nil
		}
		in["NextToken"] = page.NextToken
	}
}

func isStorage(code string) bool {
	for _, kind := range []string{"gp2", "gp3", "io1", "io2", "sc1", "st1", "standard"} {
		if storage, _ := volumeCodes(kind); storage == code {
			return true
		}
	}
	return false
}

// machines are the region's instances that are there or coming. Those on dedicated hosts count against no vCPUs.
func (s *session) machines(ctx context.Context) ([]driver.Machine, error) {
	type instance struct {
		Type      string `xml:"instanceType"`
		Lifecycle string `xml:"instanceLifecycle"`
		Tenancy   string `xml:"placement>tenancy"`
		Tags      []struct {
			Key   string `xml:"key"`
			Value string `xml:"value"`
		} `xml:"tagSet>item"`
	}
	var all []instance
	form := url.Values{"MaxResults": {"1000"}}
	filter(form, 1, "instance-state-name", "pending", "running")
	for {
		var page struct {
			Instances []instance `xml:"reservationSet>item>instancesSet>item"`
			Next      string     `xml:"nextToken"`
		}
		if err := s.ec2(ctx, "DescribeInstances", form, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Instances...)
		if page.Next == "" {
			break
		}
		form.Set("NextToken", page.Next)
	}
	var names []string
	for _, i := range all {
		names = append(names, i.Type)
	}
	sizes, err := s.types(ctx, distinct(names))
	if err != nil {
		return nil, err
	}
	out := make([]driver.Machine, len(all))
	for n, i := range all {
		of := sizes[i.Type]
		m := driver.Machine{Resources: map[string]float64{"instances": 1, "cores": of.Cores, "ram": of.RAM}}
		if code := instanceCode(i.Type, i.Lifecycle == "spot"); code != "" && i.Tenancy != "host" {
			m.Resources[code] = of.VCPUs
		}
		for _, tag := range i.Tags {
			switch tag.Key {
			case modules.TagProvider:
				m.Provider = tag.Value
			case modules.TagNodeID:
				m.Node = tag.Value
			}
		}
		out[n] = m
	}
	return out, nil
}
