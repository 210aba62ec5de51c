package lookup

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
)

// all lists a collection of the VPC API, a call for each 100 entries. The answer's list bears the collection's name.
func all[E any](ctx context.Context, s *session, path, name string, query url.Values) ([]E, error) {
	if query == nil {
		query = url.Values{}
	}
	query.Set("limit", "100")
	var out []E
	for range maxPages {
		var page map[string]json.RawMessage
		if err := s.get(ctx, path, query, &page); err != nil {
			return nil, err
		}
		var some []E
		if err := json.Unmarshal(page[name], &some); err != nil {
			return nil, fmt.Errorf("GET %s: %s: %w", path, name, err)
		}
		out = append(out, some...)
		start := next(page["next"])
		if start == "" {
			return out, nil
		}
		query.Set("start", start)
	}
	return nil, fmt.Errorf("GET %s: more than %d pages", path, maxPages)
}

// next is the mark of the page that follows, "" when none does.
func next(link json.RawMessage) string {
	var to struct{ Href string }
	if json.Unmarshal(link, &to) != nil {
		return ""
	}
	at, err := url.Parse(to.Href)
	if err != nil {
		return ""
	}
	return at.Query().Get("start")
}
