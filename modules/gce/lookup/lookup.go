package lookup

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"golang.org/x/time/rate"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/gce"
)

// Cloud is the project and zone of a provider. Its methods may be called by several goroutines.
type Cloud struct {
	provider *gce.Provider
	pace     *rate.Limiter

	mu    sync.Mutex
	sizes map[string]size // of machine types, by name; a type's size never changes
}

// New returns the cloud of a provider that was read. Nothing is asked yet.
func New(p *gce.Provider) *Cloud {
	pace := rate.Inf
	if p.Rate > 0 {
		pace = rate.Limit(p.Rate)
	}
	return &Cloud{provider: p, pace: rate.NewLimiter(pace, 1), sizes: map[string]size{}}
}

// Lookup asks what the labels' nodes are made of: a call for the zone, one for each family of images, and the first time
// one for each machine type.
func (c *Cloud) Lookup(ctx context.Context) (driver.Findings, error) {
	out := driver.Findings{Labels: map[driver.LabelKey]driver.Found{}}
	s, err := c.connect(ctx)
	if err != nil {
		return out, err
	}
	missing, err := s.zone(ctx)
	if err != nil {
		return out, err
	}
	images := map[*gce.CloudImage]answer{}
	for _, pool := range c.provider.Pools.List {
		for _, l := range pool.Labels.List {
			found := driver.Found{Missing: missing}
			if missing == "" {
				if found, err = s.label(ctx, l, images); err != nil {
					return out, fmt.Errorf("label %s: %w", l.Name, err)
				}
			}
			out.Labels[driver.LabelKey{Pool: pool.Name, Label: l.Name}] = found
		}
	}
	return out, nil
}

// answer is something that was looked up, or why there is none.
type answer struct{ value, missing string }

func (s *session) label(ctx context.Context, l *gce.Label, images map[*gce.CloudImage]answer) (driver.Found, error) {
	image, asked := images[l.CloudImage]
	if !asked {
		var err error
		if image, err = s.image(ctx, l.CloudImage); err != nil {
			return driver.Found{}, err
		}
		images[l.CloudImage] = image
	}
	if image.missing != "" {
		return driver.Found{Missing: image.missing}, nil
	}
	of, err := s.size(ctx, l.InstanceType)
	if why := refusedOne(err); why != "" {
		return driver.Found{Missing: fmt.Sprintf("zone %s has no machine type %s: %s", s.provider.Zone, l.InstanceType, why)}, nil
	}
	return driver.Found{ImageID: image.value, Resources: of.resources()}, err
}

// zone tells why no node at all can be made, "" when they can.
func (s *session) zone(ctx context.Context) (missing string, err error) {
	p := s.provider
	if p.Project == "" || p.Zone == "" {
		return "the provider has no project or no zone", nil
	}
	err = s.get(ctx, []string{"zones", p.Zone}, url.Values{"fields": {"name"}}, &struct{}{})
	if notFound(err) {
		return fmt.Sprintf("project %s has no zone %s", p.Project, p.Zone), nil
	}
	return "", err
}

// image is the newest of a family, "" for one whose id is configured. What the API has against one image says nothing
// against others.
func (s *session) image(ctx context.Context, i *gce.CloudImage) (answer, error) {
	switch {
	case i == nil:
		return answer{missing: "the label has no image"}, nil
	case i.ImageID != "":
		return answer{}, nil
	case i.ImageProject == "" || i.ImageFamily == "":
		return answer{missing: fmt.Sprintf("image %s has neither an image-id nor image-project and image-family", i.Name)}, nil
	}
	var newest struct {
		Name string `json:"name"`
	}
	err := s.getIn(ctx, i.ImageProject, []string{"global", "images", "family", i.ImageFamily}, url.Values{"fields": {"name"}}, &newest)
	if why := refusedOne(err); why != "" {
		return answer{missing: fmt.Sprintf("image %s: no family %s in project %s: %s", i.Name, i.ImageFamily, i.ImageProject, why)}, nil
	}
	if err == nil && newest.Name == "" {
		err = fmt.Errorf("the newest image of family %s in project %s has no name", i.ImageFamily, i.ImageProject)
	}
	return answer{value: "projects/" + i.ImageProject + "/global/images/" + newest.Name}, err
}

// size is what a machine type has.
type size struct {
	CPUs float64 `json:"guestCpus"`
	RAM  float64 `json:"memoryMb"`
}

func (s size) resources() map[string]float64 {
	return map[string]float64{"instances": 1, "cores": s.CPUs, "ram": s.RAM}
}

// size asks once for each type, in the life of a provider.
func (s *session) size(ctx context.Context, machineType string) (size, error) {
	s.mu.Lock()
	of, known := s.sizes[machineType]
	s.mu.Unlock()
	if known {
		return of, nil
	}
	err := s.get(ctx, []string{"zones", s.provider.Zone, "machineTypes", machineType}, url.Values{"fields": {"guestCpus,memoryMb"}}, &of)
	if err == nil {
		s.mu.Lock()
		s.sizes[machineType] = of
		s.mu.Unlock()
	}
	return of, err
}

// last is the last segment of a link.
func last(link string) string { return link[strings.LastIndex(link, "/")+1:] }
