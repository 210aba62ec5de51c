package main

import (
	"net/http"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

func (f *front) createObject(c *call) (answer, error) {
	o, err := read[api.Object](c.Request)
	if err != nil {
		return answer{}, err
	}
	o.Kind = c.resource
	o, err = f.books.AddObject(c.project, o)
	return answer{http.StatusCreated, o}, err
}

func (f *front) getObject(c *call) (answer, error) {
	o, err := f.books.Object(c.project, c.resource, c.id)
	return answer{http.StatusOK, o}, err
}

func (f *front) listObjects(c *call) (answer, error) {
	marker, limit, tags, err := page(c.Request)
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, f.books.Objects(c.project, c.resource, marker, limit, tags)}, nil
}

func (f *front) retagObject(c *call) (answer, error) {
	t, err := read[tagged](c.Request)
	if err != nil {
		return answer{}, err
	}
	o, err := f.books.RetagObject(c.project, c.resource, c.id, t.Tags)
	return answer{http.StatusOK, o}, err
}

func (f *front) removeObject(c *call) (answer, error) {
	return answer{status: http.StatusNoContent}, f.books.DropObject(c.project, c.resource, c.id)
}
