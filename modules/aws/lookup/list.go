package lookup

import (
	"cmp"
	"context"
	"encoding/xml"
	"fmt"
	"net/url"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

// kind is one kind of thing that the module makes, and how EC2 lists it.
type kind struct {
	resource string // Terraform's type
	action   string
	filters  [][]string // name and values, beside that of the tag
	page     string     // most entries of an answer
	// byKey: EC2 knows no filter for a tag's value there, only for its name.
	byKey bool
}

// kinds leave out what cannot be removed yet and goes by itself: volumes of an instance and hosts that have one. An instant
// fleet cannot be listed, and is nothing without its instance, which is.
var kinds = []kind{
	{resource: "aws_instance", action: "DescribeInstances", page: "1000", filters: [][]string{{"instance-state-name", "pending", "running", "stopping", "stopped"}}},
	{resource: "aws_ec2_host", action: "DescribeHosts", page: "500", filters: [][]string{{"state", "available", "under-assessment", "permanent-failure"}}, byKey: true},
	{resource: "aws_ebs_volume", action: "DescribeVolumes", page: "500", filters: [][]string{{"status", "available", "error"}}},
	{resource: "aws_launch_template", action: "DescribeLaunchTemplates", page: "200"},
}

// List is what bears the provider's name. It grows with that, a call for each page.
func (c *Cloud) List(ctx context.Context) ([]driver.Resource, error) {
	s, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	var out []driver.Resource
	for _, k := range kinds {
		some, err := s.list(ctx, k, c.provider.Provider.Provider)
		if err != nil {
			return nil, fmt.Errorf("list of %s: %w", k.resource, err)
		}
		out = append(out, some...)
	}
	return out, nil
}

// list is what of a kind has the provider's mark.
func (s *session) list(ctx context.Context, k kind, provider string) ([]driver.Resource, error) {
	form := url.Values{"MaxResults": {k.page}}
	if k.byKey {
		filter(form, 1, "tag-key", modules.TagProvider)
	} else {
		filter(form, 1, "tag:"+modules.TagProvider, provider)
	}
	for n, f := range k.filters {
		filter(form, n+2, f[0], f[1:]...)
	}
	var out []driver.Resource
	for {
		var page listing
		if err := s.ec2(ctx, k.action, form, &page); err != nil {
			return nil, err
		}
		for _, l := range page.all() {
			if r := l.resource(k.resource); r.Tags[modules.TagProvider] == provider && len(l.Guests) == 0 {
				out = append(out, r)
			}
		}
		if page.Next == "" {
			return out, nil
		}
		form.Set("NextToken", page.Next)
	}
}

// listing is a page of any of the kinds.
type listing struct {
	Instances []listed `xml:"reservationSet>item>instancesSet>item"`
	Hosts     []listed `xml:"hostSet>item"`
	Volumes   []listed `xml:"volumeSet>item"`
	Templates []listed `xml:"launchTemplates>item"`
	Next      string   `xml:"nextToken"`
}

func (l listing) all() []listed {
	return append(append(append(l.Instances, l.Hosts...), l.Volumes...), l.Templates...)
}

// listed is one thing: of its names for an id and for its time of birth, each kind has one.
type listed struct {
	Instance  string     `xml:"instanceId"`
	Host      string     `xml:"hostId"`
	Volume    string     `xml:"volumeId"`
	Template  string     `xml:"launchTemplateId"`
	Launched  string     `xml:"launchTime"`
	Allocated string     `xml:"allocationTime"`
	Created   string     `xml:"createTime"`
	Guests    []struct{} `xml:"instances>item"` // of a host
	Tags      tagSet     `xml:"tagSet"`
}

func (l listed) resource(of string) driver.Resource {
	born, _ := time.Parse(time.RFC3339, cmp.Or(l.Launched, l.Allocated, l.Created)) // unreadable: not told
	return driver.Resource{Type: of, ID: cmp.Or(l.Instance, l.Host, l.Volume, l.Template), Tags: l.Tags, Created: born}
}

// tagSet reads tags as EC2 writes them.
type tagSet map[string]string

// UnmarshalXML implements xml.Unmarshaler.
func (t *tagSet) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var set struct {
		Items []struct {
			Key   string `xml:"key"`
			Value string `xml:"value"`
		} `xml:"item"`
	}
	if err := d.DecodeElement(&set, &start); err != nil {
		return err
	}
	*t = make(tagSet, len(set.Items))
	for _, i := range set.Items {
		(*t)[i.Key] = i.Value
	}
	return nil
}
