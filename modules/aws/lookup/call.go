package lookup

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

const (
	callTimeout = time.Minute
	maxAnswer   = 64 << 20 // bytes of one answer; a page has 1,000 entries at most
	ec2Version  = "2016-11-15"
)

// session is one login. Each round of questions logs in anew, so that new credentials are used as soon as they are there.
type session struct {
	cfg   aws.Config
	creds aws.Credentials
	every time.Duration // between two calls
	last  time.Time
}

func (c *Cloud) connect(ctx context.Context) (*session, error) {
	p := c.provider
	opts := []func(*config.LoadOptions) error{config.WithHTTPClient(awshttp.NewBuildableClient())} // one that AWS_CA_BUNDLE can be put into
	if p.RegionName != "" {
		opts = append(opts, config.WithRegion(p.RegionName))
	}
	if p.ProfileName != "" {
		opts = append(opts, config.WithSharedConfigProfile(p.ProfileName))
	}
	cfg, err := config.LoadDefaultConfig(ctx, opts...)
	if err != nil {
		return nil, &driver.Refused{Err: fmt.Errorf("configuration of AWS for profile %q: %w", p.ProfileName, err)}
	}
	if cfg.Region == "" {
		return nil, &driver.Refused{Err: fmt.Errorf("no region: set region-name of provider %s, or AWS_REGION", p.Provider.Provider)}
	}
	creds, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, &driver.Refused{Err: fmt.Errorf("credentials of AWS for profile %q: %w", p.ProfileName, err)}
	}
	s := &session{cfg: cfg, creds: creds}
	if p.Rate > 0 {
		s.every = time.Duration(float64(time.Second) / p.Rate / 10) // reads at ten times the rate (config-reference.md 3.6)
	}
	return s, nil
}

// ec2 makes a call and reads its answer into out.
func (s *session) ec2(ctx context.Context, action string, form url.Values, out any) error {
	form.Set("Action", action)
	form.Set("Version", ec2Version)
	body, err := s.post(ctx, "ec2", []byte(form.Encode()), http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}})
	if err == nil {
		err = xml.Unmarshal(body, out)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	return nil
}

// quotas makes a call of Service Quotas.
func (s *session) quotas(ctx context.Context, action string, in, out any) error {
	body, err := json.Marshal(in)
	if err == nil {
		body, err = s.post(ctx, "servicequotas", body, http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {"ServiceQuotasV20190624." + action}})
	}
	if err == nil {
		err = json.Unmarshal(body, out)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	return nil
}

func (s *session) post(ctx context.Context, service string, body []byte, header http.Header) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := s.turn(ctx); err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint(service), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header = header
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, s.creds, r, hex.EncodeToString(sum[:]), service, s.cfg.Region, time.Now()); err != nil {
		return nil, err
	}
	resp, err := s.cfg.HTTPClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, refusal(resp.StatusCode, answer)
	}
	return answer, nil
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

// endpoint is that of the environment or the shared configuration, or else the region's.
func (s *session) endpoint(service string) string {
	own := os.Getenv("AWS_ENDPOINT_URL_" + strings.ToUpper(service))
	if service == "servicequotas" {
		own = os.Getenv("AWS_ENDPOINT_URL_SERVICE_QUOTAS")
	}
	domain := "amazonaws.com"
	if strings.HasPrefix(s.cfg.Region, "cn-") {
		domain += ".cn"
	}
	return cmp.Or(own, aws.ToString(s.cfg.BaseEndpoint), "https://"+service+"."+s.cfg.Region+"."+domain) + "/"
}

// refusal is what AWS says with an answer that is not 200: a *driver.Refused where only other credentials help.
func refusal(status int, body []byte) error {
	var x struct {
		Errors []struct{ Code, Message string } `xml:"Errors>Error"`
	}
	var j struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	err := fmt.Errorf("HTTP status %d", status)
	switch {
	case xml.Unmarshal(body, &x) == nil && len(x.Errors) > 0:
		err = fmt.Errorf("%s: %s", x.Errors[0].Code, x.Errors[0].Message)
	case json.Unmarshal(body, &j) == nil && j.Type != "":
		err = fmt.Errorf("%s: %s", j.Type, j.Message)
	}
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		return &driver.Refused{Err: err}
	}
	return err
}
