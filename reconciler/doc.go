// Package reconciler is the launcher: it watches ZooKeeper, asks package desire what to do, and does it.
//
// One goroutine, the loop, owns all memory of one ZooKeeper session. Everything that takes time (a write to ZooKeeper,
// a host key scan, a Terraform run) happens elsewhere and comes back to the loop as a message. The loop is
// level-triggered: each pass compares what is with what should be, so that a step can be repeated after a crash at any
// line and ends in the same place. Losing the session ends the loop, with everything it believed; the next one starts
// from what ZooKeeper and the workspaces say, exactly as after a restart.
//
// It owns no rule of when a request is accepted or a node deleted (desire) and nothing of how Terraform is run
// (workspace, execute). Only cmd imports it.
package reconciler
