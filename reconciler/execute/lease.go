package execute

import (
	"errors"
	"os"
	"path/filepath"
	"time"
)

// A worker whose launcher has lost its lease on the workspaces ends its run, so that another launcher can take them:
// after LeaseLimit without a renewal it interrupts Terraform, and after LeaseGrace more it kills it. Both sides measure
// with their own clock, from what they have seen themselves.
const (
	LeaseLimit = time.Minute
	LeaseGrace = 15 * time.Second
)

var errLeaseLost = errors.New("the launcher was gone, or without ZooKeeper, for " + LeaseLimit.String())

const (
	leaseFile  = "lease" // in the state directory; its modification is the renewal
	leaseEvery = 2 * time.Second
)

// RenewLease tells all workers below a state directory that their launcher still holds its lease.
func RenewLease(stateDir string) error {
	path := filepath.Join(stateDir, leaseFile)
	now := time.Now()
	err := os.Chtimes(path, now, now)
	if os.IsNotExist(err) {
		return WriteFile(path, nil)
	}
	return err
}

// leaseOf is the lease file above a workspace folder.
func leaseOf(dir string) string { return filepath.Join(dir, "..", "..", leaseFile) }

// watchLease closes lost when a lease was not renewed for LeaseLimit. Without a lease file there is no lease: a launcher
// that shares its workspaces with nobody.
func watchLease(path string, done <-chan struct{}) (lost <-chan struct{}) {
	over := make(chan struct{})
	go func() {
		tick := time.NewTicker(leaseEvery)
		defer tick.Stop()
		var last time.Time
		seen := time.Now()
		for {
			info, err := os.Stat(path)
			switch {
			case os.IsNotExist(err):
				return
			case err == nil && !info.ModTime().Equal(last):
				// At first it may be old: the launcher was stopped between the order and us.
				if age := time.Since(info.ModTime()); last.IsZero() && age > 0 {
					seen = time.Now().Add(-age)
				} else {
					seen = time.Now()
				}
				last = info.ModTime()
			}
			if time.Since(seen) > LeaseLimit {
				close(over)
				return
			}
			select {
			case <-tick.C:
			case <-done:
				return
			}
		}
	}()
	return over
}
