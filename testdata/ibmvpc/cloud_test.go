package ibmvpc

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"testing"
)

// client asks a cloud as whoever has a token.
type client struct {
	t *testing.T
	c *Cloud
}

func (c client) ask(method, path string, body, want any) object {
	c.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.c.server.URL+path, bytes.NewReader(data))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+Token(Service))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var out object
	_ = json.NewDecoder(resp.Body).Decode(&out) // some answers are empty
	if resp.StatusCode != want {
		c.t.Errorf("%s %s: %s %v", method, path, resp.Status, out)
	}
	return out
}

// prototypeOf is a request for instance np1 with something else in it.
func prototypeOf(over object) object {
	out := object{
		"name": "np1", "image": object{"id": "r010-image-1"}, "profile": object{"name": Profile}, "vpc": object{"id": "r010-vpc"}, "zone": object{"name": "eu-de-1"},
		"resource_group": object{"id": "rg-default"}, "primary_network_interface": object{"name": "eth0", "subnet": object{"id": "02b7-subnet-0"}},
		"boot_volume_attachment": object{"volume": object{"name": "np1"}},
	}
	for key, v := range over {
		out[key] = v
	}
	return out
}

// TestLife: an instance with a floating IP, from nothing to nothing.
func TestLife(t *testing.T) {
	c := client{t, Start()}
	defer c.c.Close()
	i := c.ask("POST", "/v1/instances", prototypeOf(nil), http.StatusCreated)
	c.ask("POST", "/v1/instances", prototypeOf(nil), http.StatusConflict)
	at := "/v1/instances/" + i["id"].(string)
	if got := c.ask("GET", at, nil, http.StatusOK)["status"]; i["status"] != "pending" || got != "running" {
		t.Errorf("%v, then %v", i["status"], got)
	}
	ip := c.ask("POST", "/v1/floating_ips", object{"name": "np1", "target": i["primary_network_interface"]}, http.StatusCreated)
	c.ask("POST", "/v1/floating_ips", object{"name": "np1", "target": object{"id": "none"}}, http.StatusNotFound)
	c.ask("POST", "/v3/tags/attach", object{"resources": []object{{"resource_id": i["crn"]}}, "tag_names": []string{"Key:Value"}}, http.StatusOK)
	if got := c.c.Instance("np1")["tags"].([]string); !slices.Equal(got, []string{"key:value"}) {
		t.Errorf("tags %q", got)
	}
	if got := c.c.Books(); len(got) != 3 {
		t.Errorf("books %q", got)
	}
	c.ask("DELETE", "/v1/floating_ips/"+ip["id"].(string), nil, http.StatusNoContent)
	c.ask("DELETE", at, nil, http.StatusNoContent)
	c.ask("GET", at, nil, http.StatusNotFound)
	if got := c.c.Books(); len(got) > 0 {
		t.Errorf("books %q", got)
	}
}

// TestRefusals: what refers to nothing, what is too much, and what has no room.
func TestRefusals(t *testing.T) {
	c := client{t, Start()}
	defer c.c.Close()
	id := func(id string) object { return object{"id": id} }
	for _, over := range []object{
		{"image": id("none")}, {"profile": object{"name": "none"}}, {"zone": object{"name": "eu-de-2"}}, {"vpc": id("none")}, {"resource_group": id("none")}, {"keys": []object{id("none")}},
	} {
		c.ask("POST", "/v1/instances", prototypeOf(over), http.StatusNotFound)
	}
	c.c.Quota(0)
	c.ask("POST", "/v1/instances", prototypeOf(nil), http.StatusForbidden)
	c.c.Quota(-1)
	c.c.Full("eu-de-1", true)
	i := c.ask("POST", "/v1/instances", prototypeOf(nil), http.StatusCreated)
	if got := c.ask("GET", "/v1/instances/"+i["id"].(string), nil, http.StatusOK); got["status"] != "failed" || len(got["status_reasons"].([]any)) != 1 {
		t.Errorf("%v", got)
	}
	resp, err := http.Get(c.c.server.URL + "/v1/vpcs")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("let in without a token: %s", resp.Status)
	}
}
