package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// StatusError is an answer that says no.
type StatusError struct {
	Status     int           `json:"-"`
	RetryAfter time.Duration `json:"-"`
	Code       string        `json:"code"`
	Message    string        `json:"message"`
}

func (p *StatusError) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Message) }

// NotFound reports whether err is the cloud's word that there is no such thing.
func NotFound(err error) bool {
	var p *StatusError
	return errors.As(err, &p) && p.Status == http.StatusNotFound
}

// Client talks to one cloud. It tries each request once; who calls decides about another.
type Client struct {
	Endpoint string // http://host:port
	Token    string
	HTTP     *http.Client
}

// Do sends in, unless nil, and reads the answer into out, unless nil. A *StatusError is the cloud's refusal, anything else
// means that it is unknown what became of the request.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.Endpoint+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("read the answer to %s %s: %w", method, path, err)
	}
	if resp.StatusCode >= 300 {
		return problem(resp, data)
	}
	if out == nil || len(data) == 0 {
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("read the answer to %s %s: %w", method, path, err)
	}
	return nil
}

func problem(resp *http.Response, data []byte) error {
	p := &StatusError{Status: resp.StatusCode}
	if json.Unmarshal(data, p) != nil || p.Code == "" {
		p.Code, p.Message = http.StatusText(p.Status), string(data)
	}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
		p.RetryAfter = time.Duration(s) * time.Second
	}
	return p
}

// Path is the address of a project's things of a kind, or of one of them when id is not empty.
func Path(project, kind, id string) string {
	p := "/v1/" + url.PathEscape(project) + "/" + kind
	if id != "" {
		p += "/" + url.PathEscape(id)
	}
	return p
}

// Query asks for a page of a listing: after marker, at most limit long (0: PageSize), with the given tags.
func Query(marker string, limit int, tags map[string]string) string {
	q := url.Values{}
	for k, v := range tags {
		q.Add("tag", k+"="+v)
	}
	if marker != "" {
		q.Set("marker", marker)
	}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return q.Encode()
}

// All reads every page of a listing.
func All[T any](ctx context.Context, c *Client, project, kind string, tags map[string]string) ([]T, error) {
	var all []T
	for marker := ""; ; {
		var page Page[T]
		if err := c.Do(ctx, http.MethodGet, Path(project, kind, "")+"?"+Query(marker, 0, tags), nil, &page); err != nil {
			return nil, fmt.Errorf("list %s of project %s: %w", kind, project, err)
		}
		all = append(all, page.Items...)
		if marker = page.Next; marker == "" {
			return all, nil
		}
	}
}
