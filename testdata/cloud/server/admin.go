package main

import (
	"maps"
	"net/http"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// admin serves those who run the cloud: no token, no delay, no faults.
func (f *front) admin(mux *http.ServeMux) {
	serve := func(pattern string, do func(*http.Request) (answer, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			a, err := do(r)
			f.reply(w, a, err)
		})
	}
	serve("GET /books", f.bill)
	serve("GET /admin/projects/{project}", f.settings)
	serve("PUT /admin/projects/{project}", changing(f, func(s *api.Settings, all api.Settings) { *s = all }))
	serve("PUT /admin/projects/{project}/faults", changing(f, func(s *api.Settings, faults []api.Fault) { s.Faults = faults }))
	serve("PUT /admin/projects/{project}/quota", changing(f, func(s *api.Settings, q api.Quota) { s.Quota = q }))
	serve("PUT /admin/projects/{project}/pace", changing(f, func(s *api.Settings, p api.Pace) { s.Pace = p }))
	serve("GET /admin/projects/{project}/instances", f.living)
	serve("GET /admin/projects/{project}/history", f.history)
	serve("DELETE /admin/projects/{project}/instances/{id}", f.vanish)
}

func (f *front) bill(r *http.Request) (answer, error) {
	b := f.books.Bill(r.URL.Query().Get("project"))
	f.mu.Lock()
	b.Requests = maps.Clone(f.seen)
	f.mu.Unlock()
	return answer{http.StatusOK, b}, nil
}

func (f *front) settings(r *http.Request) (answer, error) {
	return answer{http.StatusOK, f.books.Settings(r.PathValue("project"))}, nil
}

// changing replaces a part of a project's settings by the body of the request.
func changing[T any](f *front, change func(*api.Settings, T)) func(*http.Request) (answer, error) {
	return func(r *http.Request) (answer, error) {
		v, err := read[T](r)
		if err != nil {
			return answer{}, err
		}
		return answer{status: http.StatusNoContent}, f.books.Change(r.PathValue("project"), func(s *api.Settings) { change(s, v) })
	}
}

// living is the listing of clients, whatever is wrong with theirs.
func (f *front) living(r *http.Request) (answer, error) {
	return f.list(&call{Request: r, project: r.PathValue("project")})
}

func (f *front) history(r *http.Request) (answer, error) {
	_, _, tags, err := page(r)
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, f.books.History(r.PathValue("project"), tags)}, nil
}

func (f *front) vanish(r *http.Request) (answer, error) {
	return answer{status: http.StatusNoContent}, f.books.Vanish(r.PathValue("project"), r.PathValue("id"))
}
