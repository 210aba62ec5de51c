package execute

import (
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
	var removed []string
	for _, p := range Collect(dir, map[string]bool{"live": true}, now) {
		removed = append(removed, filepath.Base(p))
	}
	if want := []string{"old", "shared", "cccc"}; !slices.Equal(removed, want) {
		t.Errorf("removed %v, want %v", removed, want)
	}
	for _, p := range []string{"bases/fresh", "modules/aaaa", "bases/live", "modules/bbbb"} {
		if _, err := os.Stat(filepath.Join(dir, p)); err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
}
