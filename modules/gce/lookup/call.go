package lookup

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

const (
	callTimeout = time.Minute
	maxAnswer   = 64 << 20 // bytes of one answer
	scope       = "https://www.googleapis.com/auth/compute.readonly"
	// endpointEnv names another endpoint, and the same one for Terraform's provider, which reads it too.
	endpointEnv     = "GOOGLE_COMPUTE_CUSTOM_ENDPOINT"
	defaultEndpoint = "https://compute.googleapis.com/compute/v1/"
)

// session is one login. Each round of questions logs in anew, so that new credentials are used as soon as they are there.
type session struct {
	*Cloud
	endpoint string
	client   *http.Client
}

// connect finds the default credentials of Google's libraries: GOOGLE_APPLICATION_CREDENTIALS, gcloud's file, the
// metadata server of the machine.
func (c *Cloud) connect(ctx context.Context) (*session, error) {
	own := &http.Client{Timeout: callTimeout}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, own)
	creds, err := google.FindDefaultCredentials(ctx, scope)
	if err != nil {
		return nil, &driver.Refused{Err: fmt.Errorf("credentials of Google: %w", err)}
	}
	client := oauth2.NewClient(ctx, creds.TokenSource)
	client.Timeout = callTimeout
	endpoint := strings.TrimSuffix(cmp.Or(os.Getenv(endpointEnv), defaultEndpoint), "/") + "/"
	return &session{Cloud: c, endpoint: endpoint, client: client}, nil
}

// get reads something of the provider's project.
func (s *session) get(ctx context.Context, path []string, query url.Values, out any) error {
	return s.getIn(ctx, s.provider.Project, path, query, out)
}

func (s *session) getIn(ctx context.Context, project string, path []string, query url.Values, out any) error {
	at := "projects/" + url.PathEscape(project)
	for _, segment := range path {
		at += "/" + url.PathEscape(segment)
	}
	if err := s.read(ctx, s.endpoint+at+"?"+query.Encode(), out); err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	return nil
}

func (s *session) read(ctx context.Context, address string, out any) error {
	if err := s.pace.Wait(ctx); err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := s.client.Do(r)
	if err != nil {
		return noToken(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return refusal(resp.StatusCode, body)
	}
	return json.Unmarshal(body, out)
}

// noToken tells a login that is refused from a network that fails.
func noToken(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode < 500 {
		return &driver.Refused{Err: err}
	}
	return err
}

// apiError is an answer that is not 200.
type apiError struct {
	status  int
	message string
	reason  string // such as quotaExceeded
}

func (e *apiError) Error() string {
	return fmt.Sprintf("error %d: %s", e.status, e.message)
}

// refusal is a *driver.Refused where only other credentials, or more permissions, help.
func refusal(status int, body []byte) error {
	var said struct {
		Error struct {
			Message string
			Errors  []struct{ Reason string }
		}
	}
	e := &apiError{status: status, message: http.StatusText(status)}
	if json.Unmarshal(body, &said) == nil && said.Error.Message != "" {
		e.message = said.Error.Message
		if len(said.Error.Errors) > 0 {
			e.reason = said.Error.Errors[0].Reason
		}
	}
	if status == http.StatusUnauthorized || status == http.StatusForbidden && !strings.HasSuffix(e.reason, "Exceeded") {
		return &driver.Refused{Err: e}
	}
	return e
}

func notFound(err error) bool {
	var e *apiError
	return errors.As(err, &e) && e.status == http.StatusNotFound
}

// refusedOne is what the API has against the one thing that was asked for, "" where an error is of another kind.
func refusedOne(err error) string {
	var e *apiError
	if !errors.As(err, &e) {
		return ""
	}
	switch {
	case e.status == http.StatusNotFound, e.status == http.StatusBadRequest, e.status == http.StatusForbidden && !strings.HasSuffix(e.reason, "Exceeded"):
		return e.message
	}
	return ""
}
