package books

import (
	"fmt"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// project is one customer's part of the books.
type project struct {
	settings api.Settings
	draws    map[string]uint64 // requests seen by resource and operation, for the dice
	totals   totals
	alive    int
	cores    int
	ram      int
	order    []*instance // by seq; those that are gone are dropped now and then
	objects  map[string]*api.Object
}

// totals of what is gone, and of what was made.
type totals struct {
	Created  int     `json:"created,omitempty"`
	Deleted  int     `json:"deleted,omitempty"`
	Vanished int     `json:"vanished,omitempty"`
	Seconds  float64 `json:"seconds,omitempty"`
}

func (b *Books) project(name string) *project {
	p := b.projects[name]
	if p == nil {
		p = &project{draws: map[string]uint64{}, objects: map[string]*api.Object{}}
		b.projects[name] = p
	}
	return p
}

var flavors = func() map[string]api.Flavor {
	m := map[string]api.Flavor{}
	for _, f := range api.Flavors() {
		m[f.Name] = f
	}
	return m
}()

// fits checks the quota and answers as nova does.
func (p *project) fits(f api.Flavor) error {
	var what, asked, used, limit []string
	for _, r := range []struct {
		name             string
		need, have, most int
	}{{"cores", f.Cores, p.cores, p.settings.Quota.Cores}, {"instances", 1, p.alive, p.settings.Quota.Instances}, {"ram", f.RAM, p.ram, p.settings.Quota.RAM}} {
		if r.most > 0 && r.have+r.need > r.most {
			what, asked = append(what, r.name), append(asked, fmt.Sprint(r.need))
			used, limit = append(used, fmt.Sprint(r.have)), append(limit, fmt.Sprint(r.most))
		}
	}
	if what == nil {
		return nil
	}
	list := func(s []string) string { return strings.Join(s, ", ") }
	return refuse(403, "QuotaExceeded", "Quota exceeded for %s: Requested %s, but already used %s of %s %s", list(what), list(asked), list(used), list(limit), list(what))
}

func refuse(status int, code, format string, args ...any) error {
	return &api.StatusError{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// compact drops from order what is gone, once that is the larger part.
func (p *project) compact(now int64) {
	if len(p.order) < 2*p.alive+64 {
		return
	}
	kept := make([]*instance, 0, p.alive+p.alive/4)
	for _, i := range p.order {
		if i.state(now) != api.Gone {
			kept = append(kept, i)
		}
	}
	p.order = kept
}
