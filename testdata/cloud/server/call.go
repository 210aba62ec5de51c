package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// call is one request on its way through the front.
type call struct {
	*http.Request
	project, resource, id string
	fault                 *api.Fault // what is to go wrong after it was accepted
}

// answer is what a call is answered with.
type answer struct {
	status int
	body   any
}

func (f *front) reply(w http.ResponseWriter, a answer, err error) {
	var p *api.StatusError
	switch {
	case errors.As(err, &p):
		a = answer{p.Status, p}
		if p.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(p.RetryAfter.Seconds())))
		}
	case err != nil:
		a = answer{500, &api.StatusError{Code: "InternalError", Message: err.Error()}}
	}
	var data []byte
	if a.body != nil {
		if data, err = json.Marshal(a.body); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(data)
	// What is counted as answered has left this process, so that a kill does not take it back.
	_ = http.NewResponseController(w).Flush()
	f.count(strconv.Itoa(a.status))
}

// read decodes a request's body.
func read[T any](r *http.Request) (T, error) {
	var v T
	d := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<20))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, &api.StatusError{Status: 400, Code: "BadRequest", Message: "The request cannot be read: " + err.Error()}
	}
	return v, nil
}

// page is what a listing was asked for.
func page(r *http.Request) (marker string, limit int, tags map[string]string, err error) {
	q := r.URL.Query()
	tags = map[string]string{}
	for _, t := range q["tag"] {
		k, v, _ := strings.Cut(t, "=")
		tags[k] = v
	}
	limit = api.PageSize
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return "", 0, nil, &api.StatusError{Status: 400, Code: "BadRequest", Message: "The limit " + text + " is no positive number."}
		}
		limit = min(limit, n)
	}
	return q.Get("marker"), limit, tags, nil
}
