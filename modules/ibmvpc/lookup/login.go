package lookup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/ibmvpc"
)

// session is one login.
type session struct {
	region, token string
	every         time.Duration // between two calls
	last          time.Time
}

func (c *Cloud) connect(ctx context.Context) (*session, error) {
	creds, err := c.provider.Credentials()
	if err != nil {
		return nil, &driver.Refused{Err: err}
	}
	s := &session{region: c.provider.Region, token: creds.Token}
	if c.provider.Rate > 0 {
		s.every = time.Duration(float64(time.Second) / c.provider.Rate)
	}
	if creds.Token != "" {
		return s, nil
	}
	if err := s.login(ctx, creds); err != nil {
		return nil, fmt.Errorf("log in at IAM: %w", err)
	}
	return s, nil
}

// login gets a token for the key, or for the profile that the key's owner takes on.
func (s *session) login(ctx context.Context, creds ibmvpc.Credentials) error {
	at := endpoint("IAM", cmp.Or(creds.AuthURL, "https://iam.cloud.ibm.com")) + "/identity/token"
	form := url.Values{"grant_type": {"urn:ibm:params:oauth:grant-type:apikey"}, "apikey": {creds.APIKey}, "response_type": {"cloud_iam"}}
	if err := s.grant(ctx, at, form); err != nil || creds.Profile == "" {
		return err
	}
	return s.grant(ctx, at, url.Values{"grant_type": {"urn:ibm:params:oauth:grant-type:assume"}, "access_token": {s.token}, "profile_id": {creds.Profile}})
}

func (s *session) grant(ctx context.Context, at string, form url.Values) error {
	var got struct {
		Token string `json:"access_token"`
	}
	r := request{method: http.MethodPost, url: at, body: []byte(form.Encode()), kind: "application/x-www-form-urlencoded"}
	err := s.do(ctx, r, &got)
	var said *refusal
	switch {
	case errors.As(err, &said) && said.status == http.StatusBadRequest: // IAM's answer to a wrong key
		return &driver.Refused{Err: err}
	case err == nil && got.Token == "":
		return errors.New("the answer has no access_token")
	case err == nil:
		s.token = got.Token
	}
	return err
}
