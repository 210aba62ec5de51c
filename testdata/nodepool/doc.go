// Package nodepool runs the Python launcher that ours replaces: Nodepool's newest release with
// its fake, static and metastatic drivers, in a virtual environment made here. Tests see that the two get along on one
// ZooKeeper, the bench measures both.
//
// It owns the environment, the configuration and the process. What differs from an installed
// nodepool-launcher is in launcher.py, and why. Tests, cmd/demo and cmd/bench may import it,
// nothing else.
package nodepool
