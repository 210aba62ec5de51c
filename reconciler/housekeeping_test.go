package reconciler

import (
	"slices"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

// TestRequestLocks: protocol.md 4.9. Of the lock directories, those of requests that are gone are removed once they are
// eight hours old, even held ones.
func TestRequestLocks(t *testing.T) {
	t.Parallel()
	s, ctx := zktest.Session(t), t.Context()
	dirs := func() []string {
		t.Helper()
		names, _, err := s.Children(ctx, requestLocksPath)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(names)
		return names
	}
	for _, path := range []string{requestLockPath("200-known"), requestLockPath("200-asked"), requestPath("200-asked"), requestLockPath("200-gone")} {
		if err := s.EnsurePath(ctx, path); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := lock.Acquire(ctx, s, requestLockPath("200-held"), ""); err != nil {
		t.Fatal(err)
	}
	all := []string{"200-asked", "200-gone", "200-held", "200-known"}
	for _, c := range []struct {
		name  string
		known map[string]bool
		after time.Duration
		left  []string
	}{
		{"young", nil, requestLockAge - time.Minute, all},
		{"our clock is behind ZooKeeper's", nil, -requestLockAge, all},
		// 200-asked came after the list of the known ones was made.
		{"old", map[string]bool{"200-known": true}, requestLockAge + time.Minute, []string{"200-asked", "200-known"}},
		{"nothing is left to do", map[string]bool{"200-known": true}, requestLockAge + time.Minute, []string{"200-asked", "200-known"}},
	} {
		if err := removeRequestLocks(ctx, s, c.known, time.Now().Add(c.after)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := dirs(); !slices.Equal(got, c.left) {
			t.Errorf("%s: left are %v, want %v", c.name, got, c.left)
		}
	}
}
