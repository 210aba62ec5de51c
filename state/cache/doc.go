// Package cache follows the requests, nodes and pools in ZooKeeper and reports
// every change as an event, so that its reader can keep a snapshot.
//
// It owns the watches of one session. ZooKeeper's watches fire once, so every
// event is answered by a read that arms the next watch in the same step: a
// change is either in what was read or fires that watch. Several changes
// between two reads become one event; the newest value is never missed.
//
// It keeps no records and decides nothing; what it reports may be old by the
// time it is read (protocol.md 1.4, 3.4: lock, re-read, decide). It has no
// goroutine per watch: at most 32 run while there is something to read.
//
// Only the reconciler imports it; it imports state/session, state/lock and
// state/record.
package cache
