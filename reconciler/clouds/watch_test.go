package clouds

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
)

// scripted answers one error after the other, the last one for ever; nil is an answer.
type scripted struct {
	mu    sync.Mutex
	errs  []error
	asked []time.Time
}

func (s *scripted) Lookup(context.Context) (driver.Findings, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, time.Now())
	err := s.errs[0]
	if len(s.errs) > 1 {
		s.errs = s.errs[1:]
	}
	return driver.Findings{Labels: map[driver.LabelKey]driver.Found{{Pool: "main", Label: "a"}: {Missing: "no image"}}}, err
}

// List gives one thing, or the next error.
func (s *scripted) List(ctx context.Context) ([]driver.Resource, error) {
	if _, limited := ctx.Deadline(); !limited {
		return nil, errors.New("a list without a time limit")
	}
	_, err := s.Lookup(ctx)
	return []driver.Resource{{Type: "scripted_vm", ID: "1"}}, err
}

func (s *scripted) Quota(context.Context) (driver.Quota, error) { return driver.Quota{}, nil }

// embedded has a name of its own: one of the methods is called Options.
type embedded = driver.Options

// options is a provider of the scripted driver.
type options struct {
	embedded
	cloud *scripted
}

// TestWatch: trouble is told once, asking gets rarer while it lasts, the last good answer stays, and what is out of date
// is asked for at once.
func TestWatch(t *testing.T) {
	Openers["scripted"] = func(o driver.Options) Cloud { return o.(*options).cloud }
	defer delete(Openers, "scripted")
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		down, refused := errors.New("connection refused"), &driver.Refused{Err: errors.New("401")}
		cloud := &scripted{errs: []error{nil, down, down, refused, refused, nil}}
		p := &config.Provider{Name: "p", Driver: "scripted", Options: &options{cloud: cloud}, Pools: []*config.Pool{{Name: "main"}}}
		w := New(slog.New(slog.NewTextHandler(&log, nil)), nil)
		began := time.Now()
		w.Follow(t.Context(), &config.Config{Providers: []*config.Provider{p, {Name: "other", Driver: "terraform"}}})
		if answers, _ := w.Answers(); len(answers) != 1 || answers["p"].Asked && answers["p"].Findings == nil {
			t.Errorf("%+v", answers)
		}
		time.Sleep(time.Minute)
		w.Again("p")
		time.Sleep(30 * time.Second)
		if a, _ := w.Answers(); a["p"].Err == nil || a["p"].Findings == nil || a["p"].Quota == nil {
			t.Errorf("what was known is forgotten: %+v", a["p"])
		}
		time.Sleep(20 * time.Minute)
		w.Close()
		var at []string
		for _, when := range cloud.asked {
			at = append(at, when.Sub(began).String())
		}
		if got, want := strings.Join(at, " "), "0s 1m0s 1m10s 1m30s 2m10s 3m30s 8m30s 13m30s 18m30s"; got != want {
			t.Errorf("asked at %s, want %s", got, want)
		}
		for text, want := range map[string]int{"does not answer": 1, "refuses the launcher": 1, "answers again": 1, "cannot be made": 1} {
			if n := strings.Count(log.String(), text); n != want {
				t.Errorf("%q is told %d times:\n%s", text, n, log.String())
			}
		}
	})
}

// TestFollow: what has changed is asked anew, what has not goes on, what is gone is forgotten.
func TestFollow(t *testing.T) {
	Openers["scripted"] = func(o driver.Options) Cloud { return o.(*options).cloud }
	defer delete(Openers, "scripted")
	synctest.Test(t, func(t *testing.T) {
		provider := func(name string) *config.Provider {
			return &config.Provider{Name: name, Driver: "scripted", Options: &options{cloud: &scripted{errs: []error{nil}}}}
		}
		w := New(slog.New(slog.DiscardHandler), nil)
		a, b, changed := provider("a"), provider("b"), provider("b")
		w.Follow(t.Context(), &config.Config{Providers: []*config.Provider{a, b}})
		synctest.Wait()
		w.Follow(t.Context(), &config.Config{Providers: []*config.Provider{a, changed}})
		synctest.Wait()
		w.Follow(t.Context(), &config.Config{Providers: []*config.Provider{changed}})
		synctest.Wait()
		answers, _ := w.Answers()
		if len(answers) != 1 || !answers["b"].Asked {
			t.Errorf("%+v", answers)
		}
		for p, want := range map[*config.Provider]int{a: 1, b: 1, changed: 1} {
			if n := len(p.Options.(*options).cloud.asked); n != want {
				t.Errorf("%s asked %d times", p.Name, n)
			}
		}
		w.Close()
	})
}
