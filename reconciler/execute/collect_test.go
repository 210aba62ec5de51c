package execute

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestCollect(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	base := func(name, module string, age time.Duration) {
		t.Helper()
		b := filepath.Join(dir, "bases", name)
		m := filepath.Join(dir, "modules", module)
		for _, d := range []string{b, m} {
			if err := os.MkdirAll(d, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		files := map[string]string{readyFile: "", baseBlock + ".tf": "source = \"../../modules/" + module + "/server\"\n"}
		for f, data := range files {
			if err := os.WriteFile(filepath.Join(b, f), []byte(data), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range []string{filepath.Join(b, readyFile), m} {
			if err := os.Chtimes(p, now.Add(-age), now.Add(-age)); err != nil {
				t.Fatal(err)
			}
		}
	}
	base("fresh", "aaaa", time.Hour)
	base("live", "bbbb", 30*24*time.Hour)
	base("old", "cccc", 30*24*time.Hour)
	base("shared", "bbbb", 30*24*time.Hour)
	base("failed", "dddd", time.Hour)
	base("failed long ago", "eeee", 2*24*time.Hour)
	for name, age := range map[string]time.Duration{"failed": time.Hour, "failed long ago": 2 * 24 * time.Hour} {
		b := filepath.Join(dir, "bases", name)
		if err := os.Remove(filepath.Join(b, readyFile)); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(b, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	b := NewBases(Engine{}, dir, slog.New(slog.DiscardHandler))
	defer b.Close()
	collect := func(inUse ...string) (removed []string) {
		t.Helper()
		set := map[string]bool{}
		for _, name := range inUse {
			set[name] = true
		}
		paths, done := b.Collect(set, UnusedFor, now)
		if !done {
			t.Error("not done")
		}
		for _, p := range paths {
			removed = append(removed, filepath.Base(p))
		}
		return removed
	}
	b.making.RLock()
	if removed, done := b.Collect(nil, UnusedFor, now); done || removed != nil {
		t.Errorf("removed %v while something is made", removed)
	}
	b.making.RUnlock()
	if removed, want := collect("live", "taken in, and not here"), []string{"failed long ago", "old", "shared"}; !slices.Equal(removed, want) {
		t.Errorf("removed %v while a sibling is missing, want %v", removed, want)
	}
	if removed, want := collect("live"), []string{"cccc"}; !slices.Equal(removed, want) {
		t.Errorf("removed %v, want %v", removed, want)
	}
	for folder, want := range map[string][]string{"bases": {"failed", "fresh", "live"}, "modules": {"aaaa", "bbbb", "dddd", "eeee"}} {
		var left []string
		for _, p := range folders(filepath.Join(dir, folder)) {
			left = append(left, filepath.Base(p))
		}
		if !slices.Equal(left, want) {
			t.Errorf("%s: %v, want %v", folder, left, want)
		}
	}
	if stale(filepath.Join(dir, "bases", "live", readyFile), touchEvery, now) {
		t.Error("the next start does not know that it was in use")
	}
}

// TestCollectedIsMadeAgain: answers that name what was collected are forgotten, also that of a module's copy.
func TestCollectedIsMadeAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t, nothing)
	for range 2 {
		base, err := s.bases.Get(t.Context(), s.spec)
		if err != nil {
			t.Fatal(err)
		}
		copies := s.modules(t)
		if !exists(base.Dir()) || len(copies) != 1 {
			t.Fatalf("copies %v", copies)
		}
		removed := s.collected(t, time.Now().Add(8*24*time.Hour))
		if want := append([]string{base.Dir()}, copies...); !slices.Equal(removed, want) {
			t.Fatalf("removed %v, want %v", removed, want)
		}
		if left := s.modules(t); exists(base.Dir()) || len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	}
}

// TestUseIsNoted: a sibling that is asked for is not collected, though it was made long ago.
func TestUseIsNoted(t *testing.T) {
	t.Parallel()
	s := newSite(t, nothing)
	get := func() string {
		t.Helper()
		base, err := s.bases.Get(t.Context(), s.spec)
		if err != nil {
			t.Fatal(err)
		}
		return base.Dir()
	}
	long := time.Now().Add(-30 * 24 * time.Hour)
	if err := os.Chtimes(filepath.Join(get(), readyFile), long, long); err != nil {
		t.Fatal(err)
	}
	get()
	if removed := s.collected(t, time.Now()); len(removed) > 0 {
		t.Errorf("removed %v", removed)
	}
}

// collected is what Collect removes once it can: an init that has answered may not have let go yet.
func (s *site) collected(t *testing.T, now time.Time) (removed []string) {
	t.Helper()
	eventually(t, "nothing is made", func() (done bool) {
		removed, done = s.bases.Collect(nil, UnusedFor, now)
		return done
	})
	return removed
}
