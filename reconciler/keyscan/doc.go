// Package keyscan waits until a new machine answers and reads its SSH host keys.
//
// It owns the connect and handshake policy of operator-surface.md 6.2. It never logs in, never
// decides whether a node needs a scan (that is a matter of connection-type and
// host-key-checking) and knows nothing of nodes or ZooKeeper. The reconciler may import it, and
// so may cmd.
package keyscan
