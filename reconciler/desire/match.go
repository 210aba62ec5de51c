package desire

// match gives each label an offer of its own, or reports that there are too few. An offer may be good for several
// labels, so that the best one for each label in turn could leave nothing for the next: as in Kuhn's matching, earlier
// choices give way. Offers that come first are taken first.
func match[T comparable](labels []string, offers func(label string) []T) (chosen []T, ok bool) {
	m := matching[T]{labels: labels, offers: map[string][]T{}, taken: map[T]int{}}
	for _, l := range labels {
		if _, known := m.offers[l]; !known {
			m.offers[l] = offers(l)
		}
	}
	for i := range labels {
		if !m.serve(i, map[T]bool{}) {
			return nil, false
		}
	}
	chosen = make([]T, len(labels))
	for offer, i := range m.taken {
		chosen[i] = offer
	}
	return chosen, true
}

type matching[T comparable] struct {
	labels []string
	offers map[string][]T
	taken  map[T]int // by which label, as an index
}

// serve finds an offer for a label, if need be by giving another one to the label that has it. tried are offers that
// this did not free.
func (m *matching[T]) serve(i int, tried map[T]bool) bool {
	offers := m.offers[m.labels[i]]
	for _, o := range offers {
		if _, has := m.taken[o]; !has && !tried[o] {
			m.taken[o] = i
			return true
		}
	}
	for _, o := range offers {
		if !tried[o] {
			tried[o] = true
			if m.serve(m.taken[o], tried) {
				m.taken[o] = i
				return true
			}
		}
	}
	return false
}
