package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
)

// relaxed are the rows whose requirement differs from the reference on purpose.
var relaxed = map[string]string{
	"azure pools[].max-servers":  "E-AZ-MAX: its absence is no limit, with a warning",
	"azure auth-path":            "D45: AZURE_AUTH_LOCATION stands in for it",
	"ibmvpc pools[].max-servers": "E-IBM-MAX: its absence is no limit, with a warning",
}

// TestReference holds each driver's table against config-reference.md section 4,
// row by row: every option of the reference has a row of the same kind and
// requirement, and no row is of our own making.
func TestReference(t *testing.T) {
	for name, d := range drivers {
		if name == "fake" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			want := reference(t, name)
			got := map[string]string{}
			for _, o := range options(name, d) {
				if _, twice := got[o.Path]; twice {
					t.Errorf("%s has two rows", o.Path)
				}
				if o.Maps == "" {
					t.Errorf("%s: the row does not say what becomes of it", o.Path)
				}
				need := string(o.Need)
				if need == "" {
					need = "-"
				}
				got[o.Path] = o.Kind + " " + need
			}
			for path := range relaxed {
				if path, ok := strings.CutPrefix(path, name+" "); ok {
					kind, _, _ := strings.Cut(got[path], " ")
					want[path], got[path] = kind, kind
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-reference +table:\n%s", diff)
			}
		})
	}
}

// TestOptionLists holds the list of every driver's options with their defaults
// and what becomes of them, which documentation is made from.
func TestOptionLists(t *testing.T) {
	for name, d := range drivers {
		var b strings.Builder
		b.WriteString("# path, kind, required, default, inherited from, becomes; written by go test ./reconciler/config -run TestOptionLists -update\n")
		for _, o := range options(name, d) {
			fmt.Fprintf(&b, "%s\t%s\t%s\t%s\t%s\t%s\n", o.Path, o.Kind, o.Need, o.Default, o.From, o.Maps)
		}
		path := filepath.Join(testdata, "options", name+".txt")
		if *update {
			write(t, path, []byte(b.String()))
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), b.String()); diff != "" {
			t.Errorf("%s (-update writes it):\n%s", path, diff)
		}
	}
}

func options(name string, d driver.Driver) []option.Option {
	return option.List(d.New(&driver.Scope{Driver: name, Priority: 100}))
}

// reference reads the kind and requirement of each option by its path.
func reference(t *testing.T, name string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(testdata, "reference", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if cells := strings.Split(line, "\t"); len(cells) == 4 {
			out[cells[0]] = cells[1] + " " + cells[2]
		}
	}
	return out
}
