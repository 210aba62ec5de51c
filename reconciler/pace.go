package reconciler

import "time"

// pace bounds what deciding takes of a core, however large the fleet: a fifth in the long run, and no rest at all for
// the few passes that one request needs. It saves up while there is nothing to do.
type pace struct {
	saved time.Duration // time that passes may take before there is a rest; negative when they took too long
	at    time.Time     // when that was so
}

const (
	paceShare = 5                     // of this many parts of the time, passes take one
	paceSaved = 50 * time.Millisecond // at most
)

// rest is how long to wait after a pass that ended at a time and took so long; 0 is not at all.
func (p *pace) rest(end time.Time, took time.Duration) time.Duration {
	if p.at.IsZero() {
		p.saved = paceSaved
	} else {
		p.saved = min(paceSaved, p.saved+end.Sub(p.at)/paceShare)
	}
	p.saved, p.at = p.saved-took, end
	return max(0, -p.saved*paceShare)
}
