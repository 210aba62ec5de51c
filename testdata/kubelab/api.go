package kubelab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Object is what of the API's objects is looked at here.
type Object struct {
	Metadata struct {
		Name, Namespace   string
		CreationTimestamp time.Time
		DeletionTimestamp string
		Labels            map[string]string
		Annotations       map[string]string
	}
	Type   string
	Data   map[string]string
	Spec   map[string]any
	Status struct{ Phase, Token string }
}

// Get asks as the only user.
func (c *Cluster) Get(ctx context.Context, path string) (string, error) {
	return c.Do(ctx, Token, http.MethodGet, path, nil)
}

// List lists a resource, such as /api/v1/pods.
func (c *Cluster) List(ctx context.Context, path string) ([]Object, error) {
	text, err := c.Get(ctx, path)
	if err != nil {
		return nil, err
	}
	var list struct{ Items []Object }
	return list.Items, json.Unmarshal([]byte(text), &list)
}

// Do asks as whoever has the token. The error has the status and what the API says.
func (c *Cluster) Do(ctx context.Context, token, method, path string, body any) (string, error) {
	var send io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return "", err
		}
		send = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, send)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	if method == http.MethodPatch {
		req.Header.Set("Content-Type", "application/merge-patch+json")
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, data)
	}
	return string(data), err
}
