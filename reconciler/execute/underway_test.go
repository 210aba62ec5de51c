package execute

import (
	"os"
	"path/filepath"
	"testing"
)

// TestUnderWay: a run is under way while its worker holds its lock and has not reported; looking takes no lock.
func TestUnderWay(t *testing.T) {
	dir := t.TempDir()
	under := func(want bool, when string) {
		t.Helper()
		if job, got := UnderWay(dir); got != want || want && job.Kind != Create {
			t.Errorf("%s: %v %v", when, got, job)
		}
	}
	under(false, "with no run")
	if err := os.Mkdir(filepath.Join(dir, runDir), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := writeJSON(runPath(dir, jobFile), Job{ID: "x", Kind: Create}); err != nil {
		t.Fatal(err)
	}
	under(false, "before the lock")
	lock, err := takeLock(dir)
	if err != nil {
		t.Fatal(err)
	}
	under(true, "locked")
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	under(false, "killed")
	if lock, err = takeLock(dir); err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	under(true, "locked again")
	if err := writeJSON(runPath(dir, resultFile), Report{ID: "x"}); err != nil {
		t.Fatal(err)
	}
	under(false, "reported")
}

func FuzzHideResults(f *testing.F) {
	f.Add([]byte(`{"version":4,"resources":[{"type":"terraform_data","instances":[{"attributes":{"output":{"value":{}}}}]}]}`))
	f.Fuzz(func(t *testing.T, state []byte) {
		before, err := ParseState(state)
		if err != nil {
			return
		}
		after, err := ParseState(HideResults(state))
		if err != nil || after.Total() != before.Total() || after.Serial != before.Serial {
			t.Errorf("%s became %s: %v", state, HideResults(state), err)
		}
	})
}

func FuzzWithoutResults(f *testing.F) {
	f.Add("  # terraform_data.n1 will be created\n    }\n\nPlan: 1 to add\n")
	f.Fuzz(func(t *testing.T, text string) {
		if got := withoutResults(text); len(got) > len(text) || withoutResults(got) != got {
			t.Errorf("%q became %q", text, got)
		}
	})
}
