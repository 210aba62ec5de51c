package gce

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const running = "RUNNING"

// instance is one in the books, with the one disk it boots from.
type instance struct {
	Instance
	id    uint64
	since time.Time
}

func (c *Cloud) insertInstance(r *http.Request) (any, *refused) {
	var want wanted
	if err := json.NewDecoder(r.Body).Decode(&want); err != nil {
		return nil, &refused{http.StatusBadRequest, "parseError", err.Error()}
	}
	i, no := c.build(want, r.PathValue("zone"))
	if no != nil {
		return nil, no
	}
	why := c.next()
	if why == TooFast {
		return nil, tooFast
	}
	if no := c.exceeded(i.MachineType); no != nil {
		return nil, no
	}
	c.serial++
	i.id, i.since, i.Status = c.serial, time.Now(), "STAGING"
	i.PrivateIPv4, i.PublicIPv4 = fmt.Sprintf("10.132.%d.%d", c.serial/256%256, c.serial%256), fmt.Sprintf("203.0.113.%d", c.serial%256)
	c.instances[i.Name] = i
	if why != "" {
		return c.begin("insert", i.Zone, i.Name, c.failed(why, i.Zone)), nil
	}
	c.created++
	return c.begin("insert", i.Zone, i.Name, nil), nil
}

func (c *Cloud) getInstance(r *http.Request) (any, *refused) {
	i := c.named(r)
	if i == nil {
		return nil, notFound(r)
	}
	return c.shown(i), nil
}

// named is the instance of a call.
func (c *Cloud) named(r *http.Request) *instance {
	if i := c.instances[r.PathValue("name")]; i != nil && i.Zone == r.PathValue("zone") {
		return i
	}
	return nil
}

func (c *Cloud) deleteInstance(r *http.Request) (any, *refused) {
	i := c.named(r)
	if i == nil {
		return nil, notFound(r)
	}
	i.Status = "STOPPING"
	return c.begin("delete", i.Zone, i.Name, nil), nil
}

func (c *Cloud) listInstances(r *http.Request) (any, *refused) {
	all := c.sorted(r.PathValue("zone"))
	begin, _ := strconv.Atoi(r.FormValue("pageToken"))
	begin = min(begin, len(all))
	end := len(all)
	out := map[string]any{"kind": "compute#instanceList"}
	if c.Page > 0 && begin+c.Page < end {
		end = begin + c.Page
		out["nextPageToken"] = strconv.Itoa(end)
	}
	var items []any
	for _, i := range all[begin:end] {
		items = append(items, c.shown(i))
	}
	if len(items) > 0 {
		out["items"] = items
	}
	return out, nil
}
