package lookup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/kubernetes/kubeconfig"
)

// Bounds of one call, and of a page's size.
const (
	callTimeout = time.Minute
	pageItems   = "500"
	pageBytes   = 64 << 20
)

// api is a cluster's API as the account of the provider's context sees it.
type api struct {
	client *http.Client
	host   string
}

// connect reads the kubeconfig as it is now. Whatever way to log in it names is the official library's: certificates,
// tokens, credential plugins.
func (c *Cluster) connect() (*api, error) {
	config, err := restConfig(kubeconfig.Find(c.p.Getenv, c.p.Context))
	if err != nil {
		return nil, &driver.Refused{Err: err}
	}
	config.Timeout = callTimeout
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, &driver.Refused{Err: err}
	}
	host, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, &driver.Refused{Err: err}
	}
	return &api{client, strings.TrimSuffix(host.String(), "/")}, nil
}

func restConfig(from kubeconfig.Source) (*rest.Config, error) {
	if len(from.Paths) == 0 {
		return rest.InClusterConfig()
	}
	rules := &clientcmd.ClientConfigLoadingRules{Precedence: from.Paths}
	files, err := rules.Load()
	if err != nil {
		return nil, err
	}
	return clientcmd.NewNonInteractiveClientConfig(*files, from.Context, &clientcmd.ConfigOverrides{}, rules).ClientConfig()
}

// meta is what all objects have.
type meta struct {
	Name, Namespace     string
	Labels, Annotations map[string]string
	CreationTimestamp   time.Time
	DeletionTimestamp   *time.Time
}

// list gives all objects at a path, such as /api/v1/pods, that have the labels of a selector; "" is all.
func list[T any](ctx context.Context, a *api, path, selector string) ([]T, error) {
	var out []T
	query := url.Values{"limit": {pageItems}}
	if selector != "" {
		query.Set("labelSelector", selector)
	}
	for {
		var page struct {
			Metadata struct{ Continue string }
			Items    []T
		}
		if err := a.get(ctx, path+"?"+query.Encode(), &page); err != nil {
			return nil, fmt.Errorf("list %s: %w", path, err)
		}
		out = append(out, page.Items...)
		if page.Metadata.Continue == "" {
			return out, nil
		}
		query.Set("continue", page.Metadata.Continue)
	}
}

func (a *api) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.host+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := a.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body := io.LimitReader(resp.Body, pageBytes)
	if resp.StatusCode == http.StatusOK {
		return json.NewDecoder(body).Decode(into)
	}
	var status struct{ Message string }
	_ = json.NewDecoder(body).Decode(&status) // a proxy's page has none
	err = errors.New(strings.TrimSpace(resp.Status + " " + status.Message))
	if resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden {
		return &driver.Refused{Err: err}
	}
	return err
}
