// Package zuul runs Zuul's own node request code against our daemon: zuul.nodepool, zuul.zk and
// zuul.model of the newest release that still speaks to Nodepool, in a virtual environment made
// here.
//
// It owns the environment, the Python scripts (driver.py: one command a line, for tests; soak.py:
// mixed load with the invariants of protocol.md 5.4) and a Go handle on the driver. It imitates
// nothing of Zuul. Tests, cmd/demo and cmd/bench may import it.
package zuul
