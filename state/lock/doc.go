// Package lock takes the locks that Zuul and the Python Nodepool take, with the
// recipe of kazoo (kazoo/recipe/lock.py; protocol.md 3.1 to 3.4). The ready-made
// recipe of the Go client names its contenders differently, so that the two
// would not exclude each other.
//
// It owns the contenders it creates and one mutex per session and directory. It
// never creates what is being locked: where the parent of a lock directory is
// gone, the thing to be locked is gone, and the caller gets zk.ErrNoNode
// instead of an empty husk (protocol.md 9.13). Directories that hold locks for
// their own sake, such as /nodepool/requests-lock, must exist beforehand.
//
// Anybody may import it; it imports state/session.
package lock
