package lookup

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/ibmvpc"
)

// resource is what has marks: an instance or a floating IP.
type resource struct {
	named
	CRN     string
	Created time.Time `json:"created_at"`
	Group   named     `json:"resource_group"`
}

// List gives the instances and floating IPs in the resource groups of the provider's pools that are named like nodes. It
// grows with them: a call for each 100 instances and each 100 floating IPs of a pool, and one for the tags of each 1,000.
func (c *Cloud) List(ctx context.Context) ([]driver.Resource, error) {
	s, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	groups, err := s.groups(ctx)
	if err != nil {
		return nil, err
	}
	tags, err := s.tags(ctx, c.provider.Scope.Provider)
	if err != nil {
		return nil, fmt.Errorf("tags: %w", err)
	}
	out := []driver.Resource{}
	for name, pool := range c.pools() {
		if groups[name] == "" {
			continue
		}
		for kind, path := range map[string]string{"ibm_is_instance": "instances", "ibm_is_floating_ip": "floating_ips"} {
			list, err := all[resource](ctx, s, "/"+path, path, url.Values{"resource_group.id": {groups[name]}})
			if err != nil {
				return nil, err
			}
			for _, r := range list {
				if node := ibmvpc.NodeOf(r.Name); node != "" {
					out = append(out, driver.Resource{Type: kind, ID: r.ID, Created: r.Created, Tags: marks(pool, node, tags[r.CRN])})
				}
			}
		}
	}
	return out, nil
}

// marks are the tags of a node's resource. What group and name say is certain; the others are lacking until the cloud's
// search knows them, some minutes after they were attached.
func marks(pool *ibmvpc.Pool, node string, tags []string) map[string]string {
	out := map[string]string{}
	for _, tag := range tags {
		if key, value, ok := strings.Cut(tag, ":"); ok && strings.HasPrefix(key, "nodepool_") {
			out[key] = value
		}
	}
	maps.Copy(out, map[string]string{modules.TagProvider: pool.Scope.Provider, modules.TagPool: pool.Name, modules.TagNodeID: node})
	return out
}

// tags are the user tags of all that is tagged with a provider's name, by CRN. The cloud keeps tags in lower case.
func (s *session) tags(ctx context.Context, provider string) (map[string][]string, error) {
	type ask struct {
		Query  string   `json:"query"`
		Fields []string `json:"fields"`
		Cursor string   `json:"search_cursor,omitempty"`
	}
	question := ask{Query: fmt.Sprintf("tags:%q", strings.ToLower(modules.TagProvider+":"+provider)), Fields: []string{"crn", "tags"}}
	at := endpoint("GS", "https://api.global-search-tagging.cloud.ibm.com") + "/v3/resources/search?limit=1000"
	out := map[string][]string{}
	for range maxPages {
		body, err := json.Marshal(question)
		if err != nil {
			return nil, err
		}
		var page struct {
			Cursor string `json:"search_cursor"`
			Items  []struct {
				CRN  string
				Tags []string
			}
		}
		if err := s.do(ctx, request{method: http.MethodPost, url: at, body: body, kind: "application/json"}, &page); err != nil {
			return nil, err
		}
		for _, i := range page.Items {
			out[i.CRN] = i.Tags
		}
		if page.Cursor == "" || len(page.Items) == 0 {
			return out, nil
		}
		question.Cursor = page.Cursor
	}
	return nil, fmt.Errorf("more than %d pages", maxPages)
}
