package sweep

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// Gap is how far two sightings must be apart at least to make a leak certain (protocol.md 4.9).
const Gap = time.Minute

// share bounds what one sweep removes: one in so many of all that is listed of ours, at least one. A bug or a mistake in
// the configuration must not take a fleet down at once.
const share = 10

// Leak is a resource that belongs to nobody.
type Leak struct {
	Resource
	Since time.Time // first sighting
	// Stray: its node lives, with other resources.
	Stray bool
}

// Verdict is what a sighting, with those before it, says.
type Verdict struct {
	Leaked     []Leak // certain, first seen first
	New        []Leak // those of them that were not certain before
	Candidates int    // what looks leaked, certain or not
	Remove     []Leak // those that may be removed now, least tried first
	// Refused says why nothing may be removed though something is leaked, "" when it may.
	Refused string
	Aliens  int // with our provider's name, but of a launcher of another ZooKeeper tree: left alone
	// Missing are nodes of which something was listed before and was not in two lists in a row.
	Missing []string
	// Again is when another look would make something certain, 0 when it can wait for the next round.
	Again time.Duration
}

// Memory is what the sightings of one provider leave behind. The zero value has seen nothing.
type Memory struct {
	suspects map[Key]*suspect
	present  map[Key]*presence
}

type suspect struct {
	first   time.Time
	certain bool
	tried   int // how often it was to be removed: one that cannot be must not keep the others from it
}

// Look takes a sighting in. A list that failed is none and must not be given.
func (m *Memory) Look(s *Sighting) Verdict {
	listed := map[Key]Resource{}
	for _, r := range s.Listed {
		listed[r.Key()] = r
	}
	var v Verdict
	ours, unsigned := 0, 0
	strays := s.strays(listed)
	still := map[Key]*suspect{}
	for key, r := range listed {
		if !s.ours(r) {
			if s.named(r) {
				v.Aliens++
			}
			continue
		}
		ours++
		if !strays[key] && (s.Recorded(r.Node()) || s.Held(r.Node())) {
			continue
		}
		v.Candidates++
		if r.Tags[modules.TagLauncher] == "" {
			unsigned++
		}
		c := m.suspects[key]
		if c == nil {
			c = &suspect{first: s.At}
		}
		still[key] = c
		if wait := s.wait(r, c); wait > 0 {
			v.soon(wait)
			continue
		}
		leak := Leak{Resource: r, Since: c.first, Stray: strays[key]}
		v.Leaked = append(v.Leaked, leak)
		if !c.certain {
			c.certain = true
			v.New = append(v.New, leak)
		}
	}
	m.suspects = still // whoever is not among them now begins anew
	slices.SortFunc(v.Leaked, inOrder)
	slices.SortFunc(v.New, inOrder)
	v.budget(ours, unsigned, still)
	m.missing(s, listed, &v)
	return v
}

// wait is how long it takes at least until a suspect is certain.
func (s *Sighting) wait(r Resource, c *suspect) time.Duration {
	wait := Gap - s.At.Sub(c.first)
	if !s.own(r) {
		born := c.first
		if !r.Created.IsZero() && r.Created.Before(born) {
			born = r.Created
		}
		wait = max(wait, s.Margin-s.At.Sub(born))
	}
	return wait
}

func (v *Verdict) soon(d time.Duration) {
	if v.Again == 0 || d < v.Again {
		v.Again = d
	}
}

// budget chooses what may be removed. ours counts all that bears our provider's name, unsigned the candidates that do not
// say which launcher made them: nothing shows that their nodes ever had records in this ZooKeeper tree.
func (v *Verdict) budget(ours, unsigned int, suspects map[Key]*suspect) {
	switch {
	case len(v.Leaked) == 0:
	case 2*v.Candidates > ours && unsigned > 0:
		v.Refused = fmt.Sprintf("%d of %d resources with this provider's name look leaked, more than half: is this the ZooKeeper tree of their nodes, and does nobody else use this provider's name?", v.Candidates, ours)
	default:
		turns := slices.Clone(v.Leaked)
		slices.SortStableFunc(turns, func(a, b Leak) int { return cmp.Compare(suspects[a.Key()].tried, suspects[b.Key()].tried) })
		v.Remove = turns[:min(len(turns), max(1, ours/share))]
		for _, leak := range v.Remove {
			suspects[leak.Key()].tried++
		}
	}
}

func inOrder(a, b Leak) int {
	if c := a.Since.Compare(b.Since); c != 0 {
		return c
	}
	return strings.Compare(a.Type+" "+a.ID, b.Type+" "+b.ID)
}
