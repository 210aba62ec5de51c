package reconciler

// mostLooks is how often something is looked for that may have been written: each a second after the last, and only those
// count that had a connection.
const mostLooks = 5

// seek looks for what was written without a reply, until found reports that it is there; else lost is called. Both run in
// the loop.
func (lp *loop) seek(looks int, found func() bool, lost func()) {
	lp.after(errorRetry, func() {
		switch {
		case found():
		case lp.s.Suspended():
			lp.seek(looks, found, lost)
		case looks > 1:
			lp.seek(looks-1, found, lost)
		default:
			lost()
		}
	})
}
