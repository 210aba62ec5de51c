package warm

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/nodepool-tf/nodepool-tf/templates"
)

// Lease is the plugins that one run may use.
type Lease struct {
	Plugins []Attachment
	// Cold says why plugins that the run needs are not among them; empty when it needs no others.
	Cold  Reason
	files []*os.File
}

// Files hold the plugins, one each in the order of Plugins: the worker inherits them.
func (l *Lease) Files() []*os.File { return l.files }

// Release lets go of the plugins. A worker that has inherited the files still holds them.
func (l *Lease) Release() {
	for _, f := range l.files {
		f.Close()
	}
}

// need is what the runs of one initialised sibling need.
type need struct {
	providers []provider
	cold      Reason // set: none of them can be shared
}

// Lease gives a run in the initialised folder dir the plugins that it needs, as far as they can be shared. base names
// the sibling from which the folder was made. A plugin that is not there is started and waited for a little.
func (p *Pool) Lease(ctx context.Context, base, dir string) *Lease {
	l := &Lease{}
	if p == nil {
		l.Cold = Off
		return l
	}
	wanted, config, cold := p.wanted(base, dir)
	ctx, cancel := context.WithTimeout(ctx, p.opts.Patience)
	defer cancel()
	for i, what := range wanted {
		if i == 0 {
			for _, w := range wanted { // all at once, before the first is waited for
				p.ask(w, config, false)
			}
		}
		if why := p.take(ctx, l, what, config); why != "" {
			cold = why
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	l.Cold = cold
	if len(l.Plugins) > 0 {
		p.stats.Reattached++
	}
	if cold != "" {
		p.ordinary(cold)
	}
	return l
}

// Prepare starts the plugins of an initialised folder ahead of its first run, and keeps them until Forget. It does not wait.
func (p *Pool) Prepare(base, dir string) {
	if p == nil {
		return
	}
	wanted, config, _ := p.wanted(base, dir)
	for _, what := range wanted {
		p.ask(what, config, true)
	}
}

// Forget keeps no longer what Prepare asked for before a time and not since: those plugins go like others when nobody has
// used them for a while. Each change of a provider's configuration, new credentials say, makes other plugins.
func (p *Pool) Forget(before time.Time) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.entries {
		if e.prepared.Before(before) {
			e.prepared = time.Time{}
		}
	}
}

// wanted lists the plugins of a folder that can be shared, with the provider configuration. cold says why others cannot.
func (p *Pool) wanted(base, dir string) (wanted []provider, config []byte, cold Reason) {
	n, err := p.need(base, dir)
	if err == nil && len(n.providers) > 0 {
		config, err = os.ReadFile(filepath.Join(dir, templates.ProvidersFile))
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	several := false
	if err == nil {
		several, err = aliases(config)
	}
	switch {
	case err != nil:
		p.mu.Lock()
		defer p.mu.Unlock()
		p.warn(Unreadable, "which provider plugins a workspace needs could not be found out; Terraform starts them", "base", base, "err", err)
		return nil, nil, Unreadable
	case len(n.providers) == 0:
		return nil, nil, ""
	case p.opts.Off:
		return nil, nil, Off
	case n.cold != "":
		return nil, nil, n.cold
	case several:
		return nil, nil, Aliases
	}
	for _, what := range n.providers {
		switch why := what.ordinary(); why {
		case "":
			wanted = append(wanted, what)
		case LocalFiles: // what it writes another reads, who must be in the same folder
			return nil, nil, why
		default:
			cold = why
		}
	}
	return wanted, config, cold
}

// need finds out, once for each sibling, which plugins its runs need.
func (p *Pool) need(base, dir string) (*need, error) {
	lock, err := os.ReadFile(filepath.Join(dir, lockFile))
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	sum := sha256.Sum256(lock)
	name := base + "\x00" + string(sum[:])
	p.mu.Lock()
	n := p.needs[name]
	p.mu.Unlock()
	if n != nil {
		return n, nil
	}
	n = &need{}
	if n.providers, err = providersIn(dir, lock); err != nil {
		return nil, err
	}
	if len(n.providers) > 0 {
		own, err := ConfiguresProvider(dir)
		if err != nil {
			return nil, err
		}
		if own {
			n.cold = Configures
		}
	}
	p.mu.Lock()
	p.needs[name] = n
	p.mu.Unlock()
	return n, nil
}

// ask has a plugin started that is not there.
func (p *Pool) ask(what provider, config []byte, prepared bool) {
	key := p.key(what, config)
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.entries[key]
	if e == nil {
		e = &entry{key: key, what: what}
		p.entries[key] = e
	}
	e.used = time.Now()
	if prepared || e.prepared.IsZero() {
		e.what = what // where its program lies: the one before belongs to a sibling that may be collected
	}
	if prepared {
		e.prepared = e.used
	}
	p.check(e)
	if e.current == nil || p.spent(e.current) {
		p.begin(e)
	}
}

// take adds a plugin to a lease, or says why it cannot.
func (p *Pool) take(ctx context.Context, l *Lease, what provider, config []byte) Reason {
	key := p.key(what, config)
	for waited := false; ; waited = true {
		p.mu.Lock()
		e := p.entries[key]
		if e == nil { // it was let go of meanwhile
			p.mu.Unlock()
			return Starting
		}
		if now := e.current; now != nil {
			f, err := now.hold()
			if err == nil {
				now.uses++
				l.Plugins, l.files = append(l.Plugins, now.attachment()), append(l.files, f)
			}
			p.mu.Unlock()
			if err != nil {
				return Unreadable
			}
			return ""
		}
		starting := e.starting
		p.mu.Unlock()
		if starting == nil || waited {
			return Failed
		}
		select {
		case <-starting:
		case <-ctx.Done():
			return Starting
		}
	}
}
