package clouds

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
)

// silent is a cloud that answers and does not list.
type silent struct{}

func (silent) Lookup(context.Context) (driver.Findings, error) { return driver.Findings{}, nil }
func (silent) Quota(context.Context) (driver.Quota, error)     { return driver.Quota{}, nil }

// TestList: a cloud that lists does, within a time limit; one that does not offers none, and an error is told.
func TestList(t *testing.T) {
	Openers["scripted"] = func(o driver.Options) Cloud { return o.(*options).cloud }
	Openers["silent"] = func(driver.Options) Cloud { return silent{} }
	defer delete(Openers, "scripted")
	defer delete(Openers, "silent")
	synctest.Test(t, func(t *testing.T) {
		down := errors.New("connection refused")
		lists := &config.Provider{Name: "lists", Driver: "scripted", Options: &options{cloud: &scripted{errs: []error{nil, nil, nil, down}}}}
		quiet := &config.Provider{Name: "quiet", Driver: "silent", Options: &options{}}
		w := New(slog.New(slog.DiscardHandler), nil)
		w.Follow(t.Context(), &config.Config{Providers: []*config.Provider{lists, quiet}})
		synctest.Wait()
		for _, c := range []struct {
			name  string
			list  func() ([]driver.Resource, bool, error)
			want  int
			offer bool
			err   error
		}{
			{"followed", func() ([]driver.Resource, bool, error) { return w.List(t.Context(), "lists") }, 1, true, nil},
			{"once", func() ([]driver.Resource, bool, error) { return List(t.Context(), lists) }, 1, true, nil},
			{"down", func() ([]driver.Resource, bool, error) { return List(t.Context(), lists) }, 0, true, down},
			{"does not list", func() ([]driver.Resource, bool, error) { return w.List(t.Context(), "quiet") }, 0, false, nil},
			{"unknown", func() ([]driver.Resource, bool, error) { return w.List(t.Context(), "nobody") }, 0, false, nil},
		} {
			got, offered, err := c.list()
			if len(got) != c.want || offered != c.offer || !errors.Is(err, c.err) {
				t.Errorf("%s: %v %v %v", c.name, got, offered, err)
			}
		}
		if !w.Lists("lists") || w.Lists("quiet") || w.Lists("nobody") {
			t.Error("who lists is not told")
		}
		w.Close()
	})
}
