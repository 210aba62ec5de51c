package sweep

import (
	"slices"
	"time"
)

// How a resource that was listed before and is no longer is taken: a node is suspected after so many lists without it,
// and suspected again each time that many more have passed, because nobody may have been able to look closer.
const (
	absences     = 2
	suspectAgain = 12
	nextLook     = 15 * time.Second // a closer look costs and breaks nothing, so it need not wait long
)

// presence is a resource of a node of ours that was listed.
type presence struct {
	node   string
	missed int // lists in a row
}

// missing notes what of our nodes is listed, and finds what no longer is.
func (m *Memory) missing(s *Sighting, listed map[Key]Resource, v *Verdict) {
	if m.present == nil {
		m.present = map[Key]*presence{}
	}
	lives := func(node string) bool { return s.Recorded(node) && s.Held(node) }
	for key, p := range m.present {
		if _, there := listed[key]; there {
			continue
		}
		if !lives(p.node) {
			delete(m.present, key)
			continue
		}
		p.missed++
		if p.missed < absences {
			v.soon(nextLook)
		} else if p.missed%suspectAgain == absences {
			v.Missing = append(v.Missing, p.node)
		}
	}
	for key, r := range listed {
		if s.ours(r) && lives(r.Node()) {
			m.present[key] = &presence{node: r.Node()}
		}
	}
	slices.Sort(v.Missing)
	v.Missing = slices.Compact(v.Missing)
}
