package cloud

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

func (c *Cloud) admin(ctx context.Context, method, project, what string, in, out any) error {
	path := "/admin/projects/" + url.PathEscape(project) + what
	if err := c.client.Do(ctx, method, path, in, out); err != nil {
		return fmt.Errorf("simulated cloud: %s %s: %w", method, path, err)
	}
	return nil
}

// Configure replaces all settings of a project.
func (c *Cloud) Configure(ctx context.Context, project string, s api.Settings) error {
	return c.admin(ctx, http.MethodPut, project, "", s, nil)
}

// Settings of a project; its faults are those that are not used up.
func (c *Cloud) Settings(ctx context.Context, project string) (s api.Settings, err error) {
	err = c.admin(ctx, http.MethodGet, project, "", nil, &s)
	return s, err
}

// Faults replaces what goes wrong in a project; without any it is healthy.
func (c *Cloud) Faults(ctx context.Context, project string, faults ...api.Fault) error {
	return c.admin(ctx, http.MethodPut, project, "/faults", append([]api.Fault{}, faults...), nil)
}

// Quota replaces a project's quota. What exists stays.
func (c *Cloud) Quota(ctx context.Context, project string, q api.Quota) error {
	return c.admin(ctx, http.MethodPut, project, "/quota", q, nil)
}

// Pace replaces how slow a project is, for what is asked from now on.
func (c *Cloud) Pace(ctx context.Context, project string, p api.Pace) error {
	return c.admin(ctx, http.MethodPut, project, "/pace", p, nil)
}

// Books is what the cloud bills a project, or all of them when it is empty.
func (c *Cloud) Books(ctx context.Context, project string) (b api.Books, err error) {
	if err = c.client.Do(ctx, http.MethodGet, "/books?project="+url.QueryEscape(project), nil, &b); err != nil {
		err = fmt.Errorf("read the simulated cloud's books: %w", err)
	}
	return b, err
}

// Instances are a project's that are alive and have all the tags (an empty value matches any), whatever is wrong with
// what its clients are shown.
func (c *Cloud) Instances(ctx context.Context, project string, tags map[string]string) ([]api.Instance, error) {
	var all []api.Instance
	for marker := ""; ; {
		var page api.Page[api.Instance]
		if err := c.admin(ctx, http.MethodGet, project, "/instances?"+api.Query(marker, 0, tags), nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if marker = page.Next; marker == "" {
			return all, nil
		}
	}
}

// History are instances that are gone: the newest 10,000 of all projects, as far as they are this one's, oldest first.
func (c *Cloud) History(ctx context.Context, project string, tags map[string]string) (all []api.Instance, err error) {
	err = c.admin(ctx, http.MethodGet, project, "/history?"+api.Query("", 0, tags), nil, &all)
	return all, err
}

// Vanish makes an instance disappear as if it had never been.
func (c *Cloud) Vanish(ctx context.Context, project, id string) error {
	return c.admin(ctx, http.MethodDelete, project, "/instances/"+url.PathEscape(id), nil, nil)
}

// Client is an ordinary client of the cloud, with an optional token.
func (c *Cloud) Client(token string) *api.Client {
	return &api.Client{Endpoint: c.Endpoint(), Token: token, HTTP: c.client.HTTP}
}
