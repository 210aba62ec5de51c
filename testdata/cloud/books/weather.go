package books

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// Settings of a project.
func (b *Books) Settings(name string) api.Settings {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.project(name).settings
	s.Faults = slices.Clone(s.Faults)
	return s
}

// Change replaces a project's settings by what f makes of them.
func (b *Books) Change(name string, f func(*api.Settings)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tick()
	s := b.project(name).settings
	s.Faults = slices.Clone(s.Faults)
	f(&s)
	return b.set(name, s)
}

func (b *Books) set(name string, s api.Settings) error {
	if err := b.write(entry{Settings: &settingsOf{name, s}}); err != nil {
		return err
	}
	b.project(name).settings = s
	return nil
}

// Plan says what happens to a request: how long its answer takes, and what goes wrong, if anything. A fault that is
// counted is used up by that, also across a restart. The flavor is that of a creation of an instance.
func (b *Books) Plan(name, resource string, op api.Op, flavor string) (time.Duration, *api.Fault, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.project(name)
	pace := map[api.Op]api.Delay{api.Create: p.settings.Pace.Create, api.Delete: p.settings.Pace.Delete, api.Get: p.settings.Pace.Get, api.List: p.settings.Pace.List}
	what := resource + "." + string(op)
	delay := b.roll(p, what, pace[op])
	for n, f := range p.settings.Faults {
		if (f.Op != api.Every && f.Op != op) || (f.Resource != resource && (f.Resource != "" || resource != api.Instances)) {
			continue
		}
		if f.Flavor != "" && f.Flavor != flavor {
			continue
		}
		if f.Rate > 0 && f.Rate < 1 && b.draw(p, what+"."+string(f.Kind)) >= f.Rate {
			continue
		}
		return delay, &f, b.spend(name, p, n)
	}
	return delay, nil, nil
}

// spend counts a fault down.
func (b *Books) spend(name string, p *project, n int) error {
	s := p.settings
	if s.Faults[n].Count == 0 {
		return nil
	}
	s.Faults = slices.Clone(s.Faults)
	if s.Faults[n].Count--; s.Faults[n].Count == 0 {
		s.Faults = slices.Delete(s.Faults, n, n+1)
	}
	return b.set(name, s)
}

// draw throws the dice for the n-th question of a kind: with the same seed the n-th request meets the same, however the
// requests of other kinds fall between. Each start of the cloud throws anew.
func (b *Books) draw(p *project, what string) float64 {
	h := fnv.New64a()
	h.Write([]byte(what))
	p.draws[what]++
	return rand.New(rand.NewPCG(p.settings.Seed^h.Sum64(), p.draws[what]<<16^uint64(b.head.Starts))).Float64()
}

// roll draws a delay. Callers hold mu.
func (b *Books) roll(p *project, what string, d api.Delay) time.Duration {
	if d.Jitter <= 0 {
		return d.Fixed
	}
	return d.Fixed + time.Duration(b.draw(p, what)*float64(d.Jitter))
}
