// Package session is one ZooKeeper session as one Go value.
//
// It owns the connection, its watches and the rule that a value never outlives
// its session: the client library reconnects with a new session silently after
// an expiry (protocol.md 9.17), so the value dies at that moment, before any
// call could reach the new session. Done closes and every call fails with
// ErrExpired; the daemon then connects again and starts afresh.
//
// Reads are repeated within the session when the connection drops. Writes are
// not: a write in flight at that moment returns zk.ErrConnectionClosed, which
// means "outcome unknown", and only the caller can tell what to do.
//
// It never knows what is stored in ZooKeeper: records, locks and caches are the
// packages beside it, which import it. It imports none of them.
package session
