package azure

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
)

// resource is a document at a path.
type resource struct {
	path     string // as it was written first
	doc      map[string]any
	reserved bool // an interface of a machine that was refused
}

// operation is one that is under way.
type operation struct {
	polls      int
	code, text string // why it fails, "" for not
}

// Put puts a resource there, such as an image, without a question.
func (s *Server) Put(at, doc string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &resource{path: at}
	if err := json.Unmarshal([]byte(doc), &r.doc); err != nil {
		panic(err)
	}
	s.keep(r)
}

func (s *Server) keep(r *resource) {
	r.doc["id"], r.doc["name"] = r.path, path.Base(r.path)
	if r.doc["location"] == nil {
		r.doc["location"] = Location
	}
	properties(r.doc)["provisioningState"] = "Succeeded"
	s.resources[strings.ToLower(r.path)] = r
}

func properties(doc map[string]any) map[string]any { return child(doc, "properties") }

// child is the object below a key, made when it is not there.
func child(doc map[string]any, key string) map[string]any {
	m, ok := doc[key].(map[string]any)
	if !ok {
		m = map[string]any{}
		doc[key] = m
	}
	return m
}

// Doc is what is at a path as JSON, "" for nothing.
func (s *Server) Doc(at string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.resources[strings.ToLower(at)]
	if r == nil {
		return ""
	}
	data, _ := json.Marshal(r.doc)
	return string(data)
}

// Books are the paths below the resource group of all that is made for nodes, sorted.
func (s *Server) Books() (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(s.resources)) {
		switch p := s.resources[key].path; kind(p) {
		case machines, interfaces, addresses, disks:
			out = append(out, strings.TrimPrefix(p, GroupPath+"/providers/"))
		}
	}
	return out
}

// Kinds of what is made for nodes, in small letters.
const (
	machines   = "microsoft.compute/virtualmachines"
	disks      = "microsoft.compute/disks"
	interfaces = "microsoft.network/networkinterfaces"
	addresses  = "microsoft.network/publicipaddresses"
)

// kind of a resource, or of a list of them, by its path.
func kind(p string) string {
	_, rest, _ := strings.Cut(strings.ToLower(p), "/providers/")
	parts := strings.Split(rest, "/")
	if len(parts) < 2 {
		return ""
	}
	return parts[0] + "/" + parts[1]
}

// manage is Resource Manager.
func (s *Server) manage(w http.ResponseWriter, r *http.Request) {
	key := strings.ToLower(strings.TrimSuffix(r.URL.Path, "/"))
	if r.Method == http.MethodGet {
		s.asked[r.URL.Path]++
	}
	found := s.resources[key]
	listed := len(strings.Split(strings.TrimPrefix(key, strings.ToLower(GroupPath)), "/")) == 4 && strings.HasPrefix(key, strings.ToLower(GroupPath)+"/providers/")
	switch {
	case r.Method == http.MethodGet && strings.Contains(key, "/operations/"):
		s.poll(w, path.Base(key))
	case r.Method == http.MethodGet && found != nil:
		answer(w, http.StatusOK, found.doc)
	case r.Method == http.MethodGet && listed:
		s.list(w, r, key)
	case r.Method == http.MethodGet && strings.HasSuffix(key, "/microsoft.compute/skus"):
		answer(w, http.StatusOK, map[string]any{"value": skus})
	case r.Method == http.MethodGet && strings.HasSuffix(key, "/locations/"+Location+"/usages"):
		answer(w, http.StatusOK, map[string]any{"value": s.usages()})
	case r.Method == http.MethodPut:
		s.create(w, r)
	case r.Method == http.MethodDelete && found != nil:
		s.remove(w, key)
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	default:
		if kind(key) == "" || r.Method != http.MethodGet {
			s.unknown = append(s.unknown, r.Method+" "+r.URL.String())
		}
		refuse(w, http.StatusNotFound, "ResourceNotFound", fmt.Sprintf("The Resource '%s' under resource group '%s' was not found.", kind(key)+"/"+path.Base(r.URL.Path), Group))
	}
}

// list is of what lies directly below a path, in pages of two.
func (s *Server) list(w http.ResponseWriter, r *http.Request, key string) {
	var all []any
	for _, k := range slices.Sorted(maps.Keys(s.resources)) {
		if path.Dir(k) == key {
			all = append(all, s.resources[k].doc)
		}
	}
	var from int
	_, _ = fmt.Sscan(r.URL.Query().Get("$skiptoken"), &from)
	doc := map[string]any{"value": all[min(from, len(all)):min(from+2, len(all))]}
	if from+2 < len(all) {
		doc["nextLink"] = fmt.Sprintf("%s%s?api-version=%s&$skiptoken=%d", s.URL, r.URL.Path, r.URL.Query().Get("api-version"), from+2)
	}
	answer(w, http.StatusOK, doc)
}

// begin starts an operation and says where to ask for it.
func (s *Server) begin(w http.ResponseWriter, code, text string) {
	s.made++
	id := fmt.Sprintf("op-%d", s.made)
	s.operations[id] = &operation{code: code, text: text}
	w.Header().Set("Azure-AsyncOperation", s.URL+"/subscriptions/"+Subscription+"/providers/Microsoft.Compute/locations/"+Location+"/operations/"+id+"?api-version=2024-07-01")
	w.Header().Set("Retry-After", "0")
	w.Header().Set("X-Go-Azure-Sdk-Skip-Polling-Delay", "true") // not Azure's: Terraform's provider waits ten seconds for every removal
}

func (s *Server) poll(w http.ResponseWriter, id string) {
	o := s.operations[id]
	if o == nil {
		refuse(w, http.StatusNotFound, "NotFound", "There is no operation "+id+".")
		return
	}
	doc := map[string]any{"id": id, "name": id, "status": "InProgress"}
	if o.polls++; o.polls > 1 {
		doc["status"] = "Succeeded"
		if o.code != "" {
			doc["status"], doc["error"] = "Failed", map[string]any{"code": o.code, "message": o.text}
		}
	}
	w.Header().Set("Retry-After", "0")
	answer(w, http.StatusOK, doc)
}
