package lookup

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

// instance is one of the zone's, whoever made it.
type instance struct {
	Name        string    `json:"name"`
	MachineType string    `json:"machineType"` // a link
	Status      string    `json:"status"`
	Created     time.Time `json:"creationTimestamp"`
	Metadata    struct {
		Items []struct {
			Key   string `json:"key"`
			Value string `json:"value"`
		} `json:"items"`
	} `json:"metadata"`
}

// marks are the metadata that are tags of ours or of Nodepool's.
func (i instance) marks() map[string]string {
	out := map[string]string{}
	for _, item := range i.Metadata.Items {
		if strings.HasPrefix(item.Key, "nodepool_") {
			out[item.Key] = item.Value
		}
	}
	return out
}

// page is small: an instance's metadata may have half a megabyte.
const page = "100"

// instances lists the zone. It grows with the zone's instances, a call for each 100 of them.
func (s *session) instances(ctx context.Context) ([]instance, error) {
	var out []instance
	query := url.Values{"maxResults": {page}, "fields": {"nextPageToken,items(name,machineType,status,creationTimestamp,metadata/items)"}}
	for {
		var answer struct {
			Items []instance `json:"items"`
			Next  string     `json:"nextPageToken"`
		}
		if err := s.get(ctx, []string{"zones", s.provider.Zone, "instances"}, query, &answer); err != nil {
			return nil, err
		}
		out = append(out, answer.Items...)
		if answer.Next == "" {
			return out, nil
		}
		query.Set("pageToken", answer.Next)
	}
}

// List lists the instances of the zone that carry marks. Their boot disks go with them.
func (c *Cloud) List(ctx context.Context) ([]driver.Resource, error) {
	s, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.instances(ctx)
	if err != nil {
		return nil, err
	}
	var out []driver.Resource
	for _, i := range all {
		if marks := i.marks(); len(marks) > 0 {
			id := fmt.Sprintf("projects/%s/zones/%s/instances/%s", c.provider.Project, c.provider.Zone, i.Name)
			out = append(out, driver.Resource{Type: "google_compute_instance", ID: id, Tags: marks, Created: i.Created})
		}
	}
	return out, nil
}
