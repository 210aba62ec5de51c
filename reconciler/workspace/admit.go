package workspace

import "github.com/nodepool-tf/nodepool-tf/reconciler/execute"

// runs counts what is under way. Creates and destroys are applies; refreshes and lists are the background.
type runs struct{ creating, destroying, background int }

func (r runs) applies() int { return r.creating + r.destroying }
func (r runs) total() int   { return r.applies() + r.background }

func (r *runs) of(k execute.Kind) *int {
	switch k {
	case execute.Create:
		return &r.creating
	case execute.Destroy:
		return &r.destroying
	}
	return &r.background
}

// room reports whether a bound on the number of runs leaves room for one more. Neither creates nor destroys take the
// last quarter of it, so that neither a burst of one kind nor applies that hang keep all of the other kind waiting. The
// background leaves the last run to them; where there is just one, it takes it while nothing else does, and gives way.
func (r runs) room(limit int, k execute.Kind) bool {
	n := r.total()
	switch {
	case background(k):
		return n < max(1, limit-1)
	case limit == 1:
		n = r.applies()
	}
	return n < limit && *r.of(k) < limit-limit/4
}

func background(k execute.Kind) bool { return k != execute.Create && k != execute.Destroy }

// need is the memory that a provider's runs are believed to take, in bytes.
type need struct {
	applies, background int64 // those under way
	first               int64 // one apply, the larger of create and destroy
}

// fits reports whether a bound on memory lets provider i have one more run of kind k, which takes est bytes. Room is
// kept for what the providers may have at any time, one apply each, but never more than half of the bound.
//
// A background run is let in where half of the bound is free, whatever it takes: it starts the plugins anew, which on a
// small machine may take more than the room that is not kept, and then it would never run.
//
// What then holds: let F be the sum of first over all providers, B the most that a background run takes. A run that
// fits leaves the sum T of all runs at T + min(kept, limit/2) <= limit + max(0, B - limit/2). The first apply of a
// provider goes ahead without asking, and takes from what was kept. So T never exceeds limit + max(0, F - limit/2) +
// max(0, B - limit/2): it stays within the bound unless one apply of each provider, or one background run, takes more
// than half of it.
func fits(limit int64, all []need, i int, k execute.Kind, est int64) bool {
	if limit <= 0 {
		return true
	}
	var total, keep int64
	for j, n := range all {
		switch {
		case j != i:
		case background(k):
			n.background += min(est, limit/2)
		default:
			n.applies += est
		}
		total += n.applies + n.background
		keep += max(0, n.first-n.applies)
	}
	return total+min(keep, limit/2) <= limit
}

// may reports whether the bounds allow a provider one more run. A provider with no apply under way may always have one,
// beyond the bounds over all providers if need be: one provider's slow applies never hold up another's. Callers hold mu.
func (m *Manager) may(l *lane, k execute.Kind) bool {
	if limit := m.opts.ProviderLimit(l.provider); limit > 0 && !l.runs.room(limit, k) {
		return false
	}
	if !background(k) && l.runs.applies() == 0 {
		return true
	}
	if m.crowded() || background(k) && (l.runs.background > 0 || m.runs.background >= max(1, m.opts.MaxApplies/8)) {
		return false
	}
	est := l.peaks.of(k)
	if !m.runs.room(m.opts.MaxApplies, k) || !fits(m.opts.ProviderMemory(l.provider), []need{l.need()}, 0, k, est) {
		return false
	}
	all := make([]need, len(m.turn))
	at := 0
	for i, other := range m.turn {
		all[i] = other.need()
		if other == l {
			at = i
		}
	}
	return fits(m.opts.MaxMemory, all, at, k, est)
}

func (l *lane) need() need {
	p := &l.peaks
	return need{
		applies:    int64(l.runs.creating)*p.of(execute.Create) + int64(l.runs.destroying)*p.of(execute.Destroy),
		background: int64(l.runs.background) * p.of(execute.Refresh),
		first:      max(p.of(execute.Create), p.of(execute.Destroy)),
	}
}
