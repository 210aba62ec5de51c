package clouds

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
)

// dirty has something to be removed at each call, and fails at some.
type dirty struct {
	silent
	calls []time.Time
}

func (*dirty) CleanEvery() time.Duration { return 4 * time.Minute }

func (d *dirty) Clean(ctx context.Context, now time.Time) ([]driver.Resource, error) {
	if _, limited := ctx.Deadline(); !limited {
		return nil, errors.New("no time limit")
	}
	d.calls = append(d.calls, now)
	if n := len(d.calls); n == 2 || n == 3 {
		return nil, errors.New("conflict")
	}
	return []driver.Resource{{Type: "dirty_port", ID: "1"}}, nil
}

// TestClean: a cloud is cleaned for as long as it is followed, at moments of its own; trouble is told once.
func TestClean(t *testing.T) {
	d := &dirty{}
	Openers["dirty"] = func(driver.Options) Cloud { return d }
	defer delete(Openers, "dirty")
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		counted := 0
		w := New(slog.New(slog.NewTextHandler(&log, nil)), func(provider, typ string) {
			if provider == "p" && typ == "dirty_port" {
				counted++
			}
		})
		began := time.Now()
		w.Follow(t.Context(), &config.Config{Providers: []*config.Provider{{Name: "p", Driver: "dirty", Options: &options{}}}})
		time.Sleep(30 * time.Minute)
		w.Close()
		if n := len(d.calls); n < 6 || n > 8 || counted != n-2 {
			t.Fatalf("%d calls, %d counted", n, counted)
		}
		if first := d.calls[0].Sub(began); first > 4*time.Minute {
			t.Errorf("first after %v", first)
		}
		for i, at := range d.calls[1:] {
			if gap := at.Sub(d.calls[i]); gap < 4*time.Minute || gap > 5*time.Minute {
				t.Errorf("%v apart", gap)
			}
		}
		if n := strings.Count(log.String(), "conflict"); n != 1 {
			t.Errorf("told %d times:\n%s", n, log.String())
		}
	})
}
