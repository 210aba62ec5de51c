package ibmvpc

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

func (c *Cloud) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /identity/token", c.login)
	for pattern, handle := range map[string]http.HandlerFunc{
		"GET /v2/resource_groups":      c.listGroups,
		"POST /v3/tags/attach":         c.attach,
		"GET /v3/tags":                 c.listTags,
		"POST /v3/resources/search":    c.search,
		"GET /v1/vpcs":                 c.listed("vpcs", func() []object { return []object{c.vpc()} }),
		"GET /v1/instance/profiles":    c.listed("profiles", func() []object { return profiles }),
		"GET /v1/images":               c.listed("images", func() []object { return sorted(c.images) }),
		"GET /v1/keys":                 c.listed("keys", func() []object { return sorted(c.keys) }),
		"GET /v1/subnets":              c.listed("subnets", func() []object { return sorted(c.subnets) }),
		"GET /v1/instances":            c.listed("instances", func() []object { return sorted(c.instances) }),
		"GET /v1/floating_ips":         c.listed("floating_ips", func() []object { return sorted(c.addresses) }),
		"GET /v1/volumes/{id}":         c.shown(func(r *http.Request) object { return c.volumes[r.PathValue("id")] }),
		"POST /v1/instances":           c.createInstance,
		"DELETE /v1/instances/{id}":    c.deleteInstance,
		"POST /v1/floating_ips":        c.createAddress,
		"DELETE /v1/floating_ips/{id}": c.deleteAddress,
		"GET /v1/floating_ips/{id}":    c.shown(func(r *http.Request) object { return c.addresses[r.PathValue("id")] }),
		"GET /v1/instances/{id}":       c.shown(c.instance),
		"GET /v1/instances/{id}/initialization": c.shown(func(r *http.Request) object {
			if c.instance(r) == nil {
				return nil
			}
			return object{"keys": []object{}, "user_accounts": []object{}}
		}),
		"GET /v1/instances/{id}/network_interfaces/{nic}":        c.shown(c.networkInterface),
		"GET /v1/instances/{id}/volume_attachments/{attachment}": c.shown(c.attachment),
		"GET /v1/subnets/{id}/reserved_ips/{ip}":                 c.shown(c.reservedIP),
	} {
		mux.HandleFunc(pattern, c.authorized(handle))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.locked(func() { c.asked = append(c.asked, r.Method+" "+r.URL.Path) })
		mux.ServeHTTP(w, r)
	})
}

// listed is a collection in pages of two, so that whoever lists must turn them.
func (c *Cloud) listed(name string, all func() []object) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		list := slices.DeleteFunc(slices.Clone(all()), func(o object) bool {
			group, name := r.FormValue("resource_group.id"), r.FormValue("name")
			return group != "" && group != o["resource_group"].(object)["id"] || name != "" && name != o["name"]
		})
		from := 0
		_, _ = fmt.Sscan(r.FormValue("start"), &from)
		to := min(from+2, len(list))
		page := object{"limit": 2, "total_count": len(list), name: list[min(from, to):to]}
		if to < len(list) {
			page["next"] = object{"href": fmt.Sprintf("%s%s?start=%d&limit=2", c.server.URL, r.URL.Path, to)}
		}
		answer(w, http.StatusOK, page)
	}
}

func (c *Cloud) shown(find func(*http.Request) object) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if o := find(r); o != nil {
			answer(w, http.StatusOK, o)
			return
		}
		problem(w, http.StatusNotFound, "not_found", r.URL.Path+" was not found.")
	}
}

func sorted(all map[string]object) []object {
	out := []object{}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		out = append(out, all[id])
	}
	return out
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
