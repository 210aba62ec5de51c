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

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	armruntime "github.com/Azure/azure-sdk-for-go/sdk/azcore/arm/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

const (
	callTimeout = time.Minute // with azcore's retries of what is throttled or fails on the way
	maxAnswer   = 64 << 20    // bytes of one page
	maxPages    = 1000
)

// session is one login.
type session struct {
	pipeline     runtime.Pipeline
	base         string // of Resource Manager, without a slash at its end
	subscription string // its id
	every        time.Duration
	last         time.Time
}

func (c *Cloud) connect(ctx context.Context) (*session, error) {
	p := c.provider
	creds, err := readCredentials(p.AuthPath)
	if err != nil {
		return nil, err
	}
	where, err := c.endpoint(ctx)
	if err != nil {
		return nil, err
	}
	options := policy.ClientOptions{Cloud: where, Transport: c.client}
	login, err := azidentity.NewClientSecretCredential(creds.TenantID, creds.ClientID, creds.ClientSecret,
		&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: p.Getenv(metadataVariable) != ""})
	if err != nil {
		return nil, &driver.Refused{Err: fmt.Errorf("credentials of Azure: %w", err)}
	}
	pipeline, err := armruntime.NewPipeline("nodepool-tf", "1", login, runtime.PipelineOptions{}, &arm.ClientOptions{ClientOptions: options, DisableRPRegistration: true})
	if err != nil {
		return nil, err
	}
	s := &session{
		pipeline: pipeline, subscription: creds.SubscriptionID,
		base: strings.TrimSuffix(where.Services[cloud.ResourceManager].Endpoint, "/"),
	}
	if p.Rate > 0 {
		s.every = time.Duration(float64(time.Second) / p.Rate)
	}
	return s, nil
}

// link is a path of Resource Manager. Nothing of the path becomes a part of the query.
func (s *session) link(path, version, filter string) string {
	query := url.Values{"api-version": {version}}
	if filter != "" {
		query.Set("$filter", filter)
	}
	return s.base + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode()
}

// get reads the answer to one call into out.
func (s *session) get(ctx context.Context, path, version string, out any) error {
	return s.read(ctx, s.link(path, version, ""), out)
}

// ours tells whether a link leads to the cloud that we have logged into: nobody else gets our token.
func (s *session) ours(link string) bool {
	return strings.HasPrefix(strings.ToLower(link), strings.ToLower(s.base)+"/")
}

// list reads all pages of a list.
func list[T any](ctx context.Context, s *session, path, version, filter string) ([]T, error) {
	var all []T
	next := s.link(path, version, filter)
	for range maxPages {
		var page struct {
			Value    []T    `json:"value"`
			NextLink string `json:"nextLink"`
		}
		if err := s.read(ctx, next, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Value...)
		if next = page.NextLink; next == "" {
			return all, nil
		}
		if !s.ours(next) {
			return nil, errors.New("the next page of a list is not in the cloud that was asked")
		}
	}
	return nil, fmt.Errorf("a list has more than %d pages", maxPages)
}

func (s *session) read(ctx context.Context, link string, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := s.turn(ctx); err != nil {
		return err
	}
	r, err := runtime.NewRequest(ctx, http.MethodGet, link)
	if err != nil {
		return err
	}
	runtime.SkipBodyDownload(r)
	resp, err := s.pipeline.Do(r)
	if err != nil {
		return judged(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
		return judged(runtime.NewResponseError(resp))
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(out); err != nil {
		return fmt.Errorf("an answer that is no JSON of the shape that is expected: %w", err)
	}
	return nil
}

// turn keeps calls apart.
func (s *session) turn(ctx context.Context) error {
	defer func() { s.last = time.Now() }()
	wait := time.NewTimer(time.Until(s.last.Add(s.every)))
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
