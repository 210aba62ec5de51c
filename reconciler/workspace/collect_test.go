package workspace

import (
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestCollectByTheClock: what workspaces were made from and what the configuration in force prepares stays, for however
// long nobody asks for it; what belongs to an earlier configuration goes while the daemon runs.
func TestCollectByTheClock(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	bases := func() []string {
		found, _ := filepath.Glob(filepath.Join(b.dir, "bases", "*"))
		return found
	}
	day := 24 * time.Hour
	start := time.Now()
	collect := func(after time.Duration) {
		t.Helper()
		at := start.Add(after)
		b.eventually("it is collected", func() bool {
			b.m.mu.Lock()
			defer b.m.mu.Unlock()
			if b.m.collecting.last.Equal(at) {
				return true
			}
			b.m.collecting.next = at // an init that has answered may not have let go yet
			b.m.collectDue(at)
			return false
		})
	}
	b.launch("1")
	b.created("1")
	used := bases()
	write(t, filepath.Join(b.source, "main.tf"), nodeModule+"# edited\n")
	b.eventually("the edit is seen", func() bool {
		if err := b.m.Prepare(t.Context(), b.order("2")); err != nil {
			t.Fatal(err)
		}
		return len(bases()) == 2
	})
	collect(30 * day)
	if n := len(bases()); n != 2 {
		t.Errorf("%d are left, both are needed", n)
	}
	b.m.ForgetPrepared(time.Now())
	collect(60 * day)
	if left := bases(); !slices.Equal(left, used) {
		t.Errorf("left %v, want %v", left, used)
	}
	b.destroy("1")
	b.gone()
}
