package gce

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

const base = "/compute/v1/"

// routes are what the API can be asked for.
func (c *Cloud) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", c.giveToken)
	for pattern, handle := range map[string]func(r *http.Request) (any, *refused){
		"GET zones/{zone}":                     c.getZone,
		"GET regions/{region}":                 c.getRegion,
		"GET zones/{zone}/machineTypes/{name}": c.getMachineType,
		"GET zones/{zone}/disks/{name}":        c.getDisk,
		"GET global/images/family/{name}":      c.getFamily,
		"GET zones/{zone}/instances":           c.listInstances,
		"POST zones/{zone}/instances":          c.insertInstance,
		"GET zones/{zone}/instances/{name}":    c.getInstance,
		"DELETE zones/{zone}/instances/{name}": c.deleteInstance,
		"GET zones/{zone}/operations/{name}":   c.getOperation,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+base+"projects/{project}/"+path, c.call(pattern, handle))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		(&refused{http.StatusNotImplemented, "notImplemented", "the simulated Compute Engine has no " + r.Method + " " + r.URL.Path}).write(w)
	})
	return mux
}

// call checks who calls and which project is meant, and makes one call at a time.
func (c *Cloud) call(kind string, handle func(*http.Request) (any, *refused)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls[kind]++
		c.settle()
		if no := c.admit(r); no != nil {
			no.write(w)
			return
		}
		value, no := handle(r)
		if no != nil {
			no.write(w)
			return
		}
		answer(w, http.StatusOK, value)
	}
}

func (c *Cloud) admit(r *http.Request) *refused {
	public := strings.Contains(r.URL.Path, "/global/images/")
	switch project := r.PathValue("project"); {
	case r.Header.Get("Authorization") != "Bearer "+c.token:
		return &refused{http.StatusUnauthorized, "authError", "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential."}
	case project != c.Project && !public:
		return &refused{http.StatusForbidden, "forbidden", fmt.Sprintf("Required 'compute.zones.get' permission for 'projects/%s'", project)}
	}
	if zone := r.PathValue("zone"); zone != "" && !isZone(zone) {
		return notFound(r)
	}
	return nil
}

// refused is an answer that is an error, in Google's form.
type refused struct {
	status          int
	reason, message string
}

func (e *refused) write(w http.ResponseWriter) {
	answer(w, e.status, map[string]any{"error": map[string]any{
		"code": e.status, "message": e.message,
		"errors": []any{map[string]string{"message": e.message, "domain": "global", "reason": e.reason}},
	}})
}

// notFound names what was asked for.
func notFound(r *http.Request) *refused {
	return &refused{http.StatusNotFound, "notFound", fmt.Sprintf("The resource '%s' was not found", strings.TrimPrefix(r.URL.Path, base))}
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // who does not read the answer asks again
}

// link is the URL of something of the project.
func (c *Cloud) link(path string, args ...any) string {
	return "https://www.googleapis.com" + base + "projects/" + c.Project + "/" + fmt.Sprintf(path, args...)
}
