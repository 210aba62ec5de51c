package ibmvpc

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

func (c *Cloud) listGroups(w http.ResponseWriter, _ *http.Request) {
	list := []object{}
	for name, id := range c.groups {
		list = append(list, object{"id": id, "name": name, "state": "ACTIVE"})
	}
	answer(w, http.StatusOK, object{"resources": list})
}

// attach puts tags on resources, in lower case.
func (c *Cloud) attach(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Resources []struct {
			ID string `json:"resource_id"`
		}
		Names []string `json:"tag_names"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		problem(w, http.StatusBadRequest, "bad_field", err.Error())
		return
	}
	results := []object{}
	for _, res := range in.Resources {
		for _, name := range lower(in.Names) {
			if !slices.Contains(c.tags[res.ID], name) {
				c.tags[res.ID] = append(c.tags[res.ID], name)
			}
		}
		results = append(results, object{"resource_id": res.ID, "is_error": false})
	}
	answer(w, http.StatusOK, object{"results": results})
}

// listTags lists the user tags of a resource. Of access tags, which the provider asks for at each plan, there are none.
func (c *Cloud) listTags(w http.ResponseWriter, r *http.Request) {
	items := []object{}
	for _, name := range c.tags[r.FormValue("attached_to")] {
		items = append(items, object{"name": name})
	}
	answer(w, http.StatusOK, object{"items": items, "total_count": len(items), "offset": 0, "limit": 100})
}

var queries = regexp.MustCompile(`^(crn|tags):"([^"]+)"$`)

// search finds what has a tag or a CRN.
func (c *Cloud) search(w http.ResponseWriter, r *http.Request) {
	var in struct{ Query string }
	_ = json.NewDecoder(r.Body).Decode(&in)
	query := queries.FindStringSubmatch(strings.ReplaceAll(in.Query, `\"`, `"`))
	if query == nil {
		problem(w, http.StatusBadRequest, "bad_query", in.Query)
		return
	}
	items := []object{}
	for crn, tags := range c.tags {
		if crn == query[2] || query[1] == "tags" && slices.Contains(tags, query[2]) {
			items = append(items, object{"crn": crn, "tags": tags, "access_tags": []string{}, "service_tags": []string{}})
		}
	}
	answer(w, http.StatusOK, object{"items": items, "limit": 1000})
}
