package clouds

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
)

// How long until a cloud is asked again.
const (
	every        = 5 * time.Minute // quota and lookups are that old at most (protocol.md 0)
	firstFailure = 10 * time.Second
	least        = 5 * time.Second // between two rounds, whatever happens
)

// Watch keeps the answers of all clouds of a configuration. Its methods may be called by any goroutine.
type Watch struct {
	log     *slog.Logger
	removed func(provider, resourceType string) // told of what was cleaned up
	mu      sync.Mutex
	all     map[string]*asker
	news    int // counts what has changed
}

// New asks nothing yet. removed is told of each thing that was left over in a cloud and is removed; it may be called by
// several goroutines.
func New(log *slog.Logger, removed func(provider, resourceType string)) *Watch {
	return &Watch{log: log, removed: removed, all: map[string]*asker{}}
}

// asker asks one cloud.
type asker struct {
	provider *config.Provider
	cloud    Cloud
	answer   Answer // guarded by Watch.mu
	again    chan struct{}
	stop     context.CancelFunc
	done     chan struct{}              // closed when nothing is asked any more
	cleaned  chan struct{}              // closed when nothing is cleaned any more
	missing  map[driver.LabelKey]string // told last
	told     string                     // failure told last
}

// Follow asks the clouds of a configuration from now on, until ctx ends; those of providers that have not changed go on.
func (w *Watch) Follow(ctx context.Context, c *config.Config) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, a := range w.all {
		if c.Provider(name) != a.provider {
			a.stop()
			delete(w.all, name)
			w.news++
		}
	}
	for _, p := range c.Providers {
		if w.all[p.Name] != nil {
			continue
		}
		cloud := open(p)
		if cloud == nil {
			continue
		}
		ctx, stop := context.WithCancel(ctx)
		a := &asker{provider: p, cloud: cloud, again: make(chan struct{}, 1), stop: stop, done: make(chan struct{}), cleaned: make(chan struct{})}
		w.all[p.Name] = a
		w.news++
		go w.run(ctx, a)
		go w.clean(ctx, a)
	}
}

// Close ends all questions.
func (w *Watch) Close() {
	w.mu.Lock()
	all := maps.Clone(w.all)
	clear(w.all)
	w.mu.Unlock()
	for _, a := range all {
		a.stop()
		<-a.done
		<-a.cleaned
	}
}

// Again has a provider's cloud asked anew: what is known of it seems out of date.
func (w *Watch) Again(provider string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.all[provider]; a != nil {
		select {
		case a.again <- struct{}{}:
		default:
		}
	}
}

// News counts the changes of what Answers returns.
func (w *Watch) News() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.news
}

// Answers are what is known of the clouds, by provider. What they point to is never changed.
func (w *Watch) Answers() (answers map[string]Answer, news int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make(map[string]Answer, len(w.all))
	for name, a := range w.all {
		out[name] = a.answer
	}
	return out, w.news
}

// Fault asks what went wrong with the machine of a node; "" when nothing did, or the cloud does not say.
func (w *Watch) Fault(ctx context.Context, provider, hostname string) string {
	f, ok := w.cloud(provider).(Faults)
	if !ok {
		return ""
	}
	text, err := f.Fault(ctx, hostname)
	if err != nil && ctx.Err() == nil {
		w.log.Debug("the cloud does not tell what went wrong with a node", "provider", provider, "err", err)
	}
	return text
}

// run asks one cloud until ctx ends.
func (w *Watch) run(ctx context.Context, a *asker) {
	defer close(a.done)
	failures := 0
	for {
		w.mu.Lock()
		answer := a.answer
		w.mu.Unlock()
		answer.round(ctx, a.cloud, wantsQuota(a.provider))
		if ctx.Err() != nil {
			return
		}
		w.mu.Lock()
		a.answer = answer
		w.news++
		w.mu.Unlock()
		w.tell(a, answer)
		if failures++; answer.Err == nil {
			failures = 0
		}
		if !sleep(ctx, least, nil) || !sleep(ctx, next(failures)-least, a.again) {
			return
		}
	}
}

// next is the time between rounds after so many failures in a row.
func next(failures int) time.Duration {
	d := firstFailure
	for ; failures > 1 && d < every; failures-- {
		d *= 2
	}
	if failures == 0 || d > every {
		return every
	}
	return d
}

// sleep waits for a while, or until it is woken. False: ctx has ended.
func sleep(ctx context.Context, d time.Duration, woken <-chan struct{}) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-woken:
	case <-ctx.Done():
		return false
	}
	return true
}

// tell logs what has changed since it was last told.
func (w *Watch) tell(a *asker, answer Answer) {
	log := w.log.With("provider", a.provider.Name)
	kind := answer.Class()
	switch {
	case kind == a.told:
	case kind == "auth":
		log.Error("the cloud refuses the launcher; other providers go on, and this one does as soon as it is let in", "class", kind, "known", answer.Findings != nil, "err", Text(answer.Err))
	case kind != "":
		log.Warn("the cloud does not answer; other providers go on, and this one does as soon as it answers", "class", kind, "known", answer.Findings != nil, "err", Text(answer.Err))
	default:
		log.Info("the cloud answers again")
	}
	a.told = kind
	if answer.Findings == nil || answer.Err != nil {
		return
	}
	missing := map[driver.LabelKey]string{}
	for key, f := range answer.Findings.Labels {
		if f.Missing != "" {
			missing[key] = f.Missing
		}
		if f.Missing != "" && f.Missing != a.missing[key] {
			log.Warn("label cannot be made; requests for it are declined here", "pool", key.Pool, "label", key.Label, "missing", f.Missing)
		}
	}
	for key := range a.missing {
		if missing[key] == "" {
			log.Info("label can be made", "pool", key.Pool, "label", key.Label)
		}
	}
	a.missing = missing
}

// longest bounds what is told of an error: some hold a whole page of HTML.
const longest = 300

// Text is an error on one line.
func Text(err error) string {
	text := []rune(err.Error())
	for i, r := range text {
		if r < ' ' {
			text[i] = ' '
		}
	}
	if len(text) > longest {
		return string(text[:longest]) + "…"
	}
	return string(text)
}
