// Package desire decides what a launcher does next: a pure function of a snapshot of ZooKeeper, the configuration, the
// launcher's own memory and the clock. It follows protocol.md section 4, whose numbers the comments name.
//
// It does no I/O, starts no goroutine and reads no clock. Whoever carries out a decision takes the lock, reads the
// record again and decides on that (protocol.md 3.4): a decision is a wish based on what was seen. Only package
// reconciler (and plan) import it.
package desire
