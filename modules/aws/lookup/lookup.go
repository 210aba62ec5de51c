package lookup

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/modules/aws"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

// Cloud is the region of a provider. Its methods may be called by several goroutines.
type Cloud struct{ provider *aws.Provider }

// New returns the region of a provider that was read. Nothing is asked yet.
func New(p *aws.Provider) *Cloud { return &Cloud{p} }

// Lookup asks what the labels' nodes are made of: a call for each AMI, and one for all instance types and one for all
// subnets (a page has 1,000 of them).
func (c *Cloud) Lookup(ctx context.Context) (driver.Findings, error) {
	s, err := c.connect(ctx)
	if err != nil {
		return driver.Findings{}, err
	}
	there := inventory{images: map[*aws.CloudImage]image{}}
	var types, subnets []string
	for _, l := range labels(c.provider) {
		if i := l.CloudImage; i != nil && (i.ImageID == "" || l.Fleet != nil) {
			if _, asked := there.images[i]; !asked {
				if there.images[i], err = s.newest(ctx, i); err != nil {
					return driver.Findings{}, fmt.Errorf("image %s: %w", i.Name, err)
				}
			}
		}
		types = append(types, l.Types()...)
		if l.Fleet != nil {
			subnets = append(subnets, l.Pool.SubnetID)
		}
	}
	if there.types, err = s.types(ctx, distinct(types)); err != nil {
		return driver.Findings{}, fmt.Errorf("instance types: %w", err)
	}
	if there.zones, err = s.zones(ctx, distinct(subnets)); err != nil {
		return driver.Findings{}, fmt.Errorf("subnets: %w", err)
	}
	return there.findings(c.provider), nil
}

func labels(p *aws.Provider) (out []*aws.Label) {
	for _, pool := range p.Pools.List {
		out = append(out, pool.Labels.List...)
	}
	return out
}

// distinct sorts; what is empty is left out.
func distinct(words []string) []string {
	words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
	slices.Sort(words)
	return slices.Compact(words)
}

// image is an AMI.
type image struct {
	ID         string `xml:"imageId"`
	Created    string `xml:"creationDate"` // ISO 8601, always UTC: it sorts as text
	RootDevice string `xml:"rootDeviceName"`
}

// newest is the newest AMI that an image means, zero when there is none.
func (s *session) newest(ctx context.Context, i *aws.CloudImage) (image, error) {
	form := url.Values{}
	if i.ImageID != "" {
		filter(form, 1, "image-id", i.ImageID)
	}
	for n, f := range i.ImageFilters {
		filter(form, n+1, f.Name, f.Values...)
	}
	var out struct {
		Images []image `xml:"imagesSet>item"`
	}
	if err := s.ec2(ctx, "DescribeImages", form, &out); err != nil {
		return image{}, err
	}
	return newest(out.Images), nil
}

// filter is the nth of a call, from 1.
func filter(form url.Values, n int, name string, values ...string) {
	form.Set(fmt.Sprintf("Filter.%d.Name", n), name)
	for i, v := range values {
		form.Set(fmt.Sprintf("Filter.%d.Value.%d", n, i+1), v)
	}
}

// types are the sizes of instance types, by name. A type that the region does not have is no error, but missing.
func (s *session) types(ctx context.Context, names []string) (map[string]size, error) {
	out := map[string]size{}
	for names := range slices.Chunk(names, 100) { // a filter has 200 values at most
		form := url.Values{}
		filter(form, 1, "instance-type", names...)
		for {
			var page struct {
				Types []size `xml:"instanceTypeSet>item"`
				Next  string `xml:"nextToken"`
			}
			if err := s.ec2(ctx, "DescribeInstanceTypes", form, &page); err != nil {
				return nil, err
			}
			for _, t := range page.Types {
				out[t.Name] = t
			}
			if page.Next == "" {
				break
			}
			form.Set("NextToken", page.Next)
		}
	}
	return out, nil
}

// zones are those of subnets, by id.
func (s *session) zones(ctx context.Context, ids []string) (map[string]string, error) {
	out := map[string]string{}
	for ids := range slices.Chunk(ids, 100) {
		form := url.Values{}
		filter(form, 1, "subnet-id", ids...)
		var page struct {
			Subnets []struct {
				ID   string `xml:"subnetId"`
				Zone string `xml:"availabilityZone"`
			} `xml:"subnetSet>item"`
		}
		if err := s.ec2(ctx, "DescribeSubnets", form, &page); err != nil {
			return nil, err
		}
		for _, n := range page.Subnets {
			out[n.ID] = n.Zone
		}
	}
	return out, nil
}
