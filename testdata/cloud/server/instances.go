package main

import (
	"net/http"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

func (f *front) create(c *call) (answer, error) {
	spec, err := read[api.InstanceSpec](c.Request)
	if err != nil {
		return answer{}, err
	}
	i, err := f.books.Create(c.project, spec, c.fault)
	return answer{http.StatusAccepted, i}, err
}

func (f *front) get(c *call) (answer, error) {
	i, err := f.books.Instance(c.project, c.id)
	return answer{http.StatusOK, i}, err
}

func (f *front) list(c *call) (answer, error) {
	marker, limit, tags, err := page(c.Request)
	if err != nil {
		return answer{}, err
	}
	p, err := f.books.List(c.project, marker, limit, tags)
	return answer{http.StatusOK, p}, err
}

// tagged is the body of a change of tags.
type tagged struct {
	Tags map[string]string `json:"tags"`
}

func (f *front) retag(c *call) (answer, error) {
	t, err := read[tagged](c.Request)
	if err != nil {
		return answer{}, err
	}
	i, err := f.books.Retag(c.project, c.id, t.Tags)
	return answer{http.StatusOK, i}, err
}

// remove answers 204 when the instance is gone already, else 202: it is to be asked for until it is not found.
func (f *front) remove(c *call) (answer, error) {
	left, err := f.books.Delete(c.project, c.id, c.fault)
	if left == nil {
		return answer{status: http.StatusNoContent}, err
	}
	return answer{http.StatusAccepted, left}, err
}

func (f *front) flavors(*call) (answer, error) {
	return answer{http.StatusOK, api.Page[api.Flavor]{Items: api.Flavors()}}, nil
}
