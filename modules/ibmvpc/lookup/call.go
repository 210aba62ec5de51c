package lookup

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

const (
	callTimeout = time.Minute
	maxAnswer   = 32 << 20     // bytes of one answer; a page has 100 entries, of the search 1,000
	maxPages    = 1000         // of one list
	vpcVersion  = "2025-06-24" // of the API, in whose words the answers are
)

// endpoint is where a service is: as for Terraform's provider, IBMCLOUD_…_API_ENDPOINT says another place.
func endpoint(service, usual string) string {
	return strings.TrimSuffix(cmp.Or(os.Getenv("IBMCLOUD_"+service+"_API_ENDPOINT"), usual), "/")
}

// get asks the VPC API of the region for a page.
func (s *session) get(ctx context.Context, path string, query url.Values, out any) error {
	query.Set("version", vpcVersion)
	query.Set("generation", "2")
	at := endpoint("IS_NG", "https://"+s.region+".iaas.cloud.ibm.com/v1") + path + "?" + query.Encode()
	if err := s.do(ctx, request{method: http.MethodGet, url: at}, out); err != nil {
		return fmt.Errorf("GET %s: %w", path, err)
	}
	return nil
}

type request struct {
	method, url, kind string
	body              []byte
}

func (s *session) do(ctx context.Context, r request, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := s.turn(ctx); err != nil {
		return err
	}
	q, err := http.NewRequestWithContext(ctx, r.method, r.url, bytes.NewReader(r.body))
	if err != nil {
		return err
	}
	q.Header.Set("Accept", "application/json")
	if r.kind != "" {
		q.Header.Set("Content-Type", r.kind)
	}
	if s.token != "" {
		q.Header.Set("Authorization", "Bearer "+s.token)
	}
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	switch {
	case err != nil:
		return err
	case resp.StatusCode != http.StatusOK:
		return refused(resp.StatusCode, answer)
	}
	return json.Unmarshal(answer, out)
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

// refusal is an answer that is not 200, in the cloud's words.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string { return r.text }

// refused is a *driver.Refused where only other credentials help.
func refused(status int, body []byte) error {
	var said struct {
		Errors []struct{ Code, Message string } // of VPC, resource groups
		Code   string                           `json:"errorCode"` // of IAM
		Text   string                           `json:"errorMessage"`
	}
	err := &refusal{status, fmt.Sprintf("HTTP status %d", status)}
	switch {
	case json.Unmarshal(body, &said) != nil:
	case len(said.Errors) > 0:
		err.text = fmt.Sprintf("%s: %s (HTTP status %d)", said.Errors[0].Code, said.Errors[0].Message, status)
	case said.Code != "":
		err.text = fmt.Sprintf("%s: %s (HTTP status %d)", said.Code, said.Text, status)
	}
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		return &driver.Refused{Err: err}
	}
	return err
}
