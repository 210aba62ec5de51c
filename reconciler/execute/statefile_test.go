package execute

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// stateText is a state with one resource of slot n1 and its result.
func stateText(serial, lineage string) string {
	return `{"version":4,"terraform_version":"1.11.4","serial":` + serial + `,"lineage":"` + lineage + `","outputs":{},"resources":[
	{"module":"module.n1","mode":"managed","type":"terraform_data","name":"vm","instances":[{"attributes":{"id":"a"}}]},
	{"mode":"managed","type":"terraform_data","name":"n1","instances":[{"attributes":{"output":{"value":{"id":"a"},"type":["object",{"id":"string"}]}}}]}]}`
}

func TestParseState(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       StateView
		err        string
	}{
		{name: "a node", text: stateText("7", "l"), want: StateView{Serial: 7, Lineage: "l", Resources: map[string]int{"n1": 2},
			Results: map[string]Result{"n1": {Value: []byte(`{"id":"a"}`), Type: []byte(`["object",{"id":"string"}]`)}}}},
		{name: "nothing left", text: `{"version":4,"serial":9,"lineage":"l","resources":[]}`, want: StateView{Serial: 9, Lineage: "l", Resources: map[string]int{}, Results: map[string]Result{}}},
		{name: "tainted result", text: `{"version":4,"lineage":"l","resources":[{"mode":"managed","type":"terraform_data","name":"n1","instances":[{"status":"tainted","attributes":{"output":{"value":1,"type":"number"}}}]}]}`,
			want: StateView{Lineage: "l", Resources: map[string]int{"n1": 1}, Results: map[string]Result{}}},
		{name: "deposed", text: `{"version":4,"lineage":"l","resources":[{"mode":"managed","type":"terraform_data","name":"n1","instances":[{"deposed":"ab","attributes":{"output":{"value":1,"type":"number"}}}]}]}`,
			want: StateView{Lineage: "l", Resources: map[string]int{"n1": 1}, Results: map[string]Result{}}},
		{name: "data does not count", text: `{"version":4,"lineage":"l","resources":[{"module":"module.n1","mode":"data","type":"x","name":"y","instances":[{}]}]}`,
			want: StateView{Lineage: "l", Resources: map[string]int{}, Results: map[string]Result{}}},
		{name: "nested modules and instances", text: `{"version":4,"lineage":"l","resources":[{"module":"module.n1[0].module.disk","mode":"managed","type":"x","name":"y","instances":[{},{}]}]}`,
			want: StateView{Lineage: "l", Resources: map[string]int{"n1": 2}, Results: map[string]Result{}}},
		{name: "of no slot", text: `{"version":4,"lineage":"l","resources":[{"mode":"managed","type":"x","name":"y","instances":[{}]}]}`,
			want: StateView{Lineage: "l", Other: 1, Resources: map[string]int{}, Results: map[string]Result{}}},
		{name: "files and clocks", text: `{"version":4,"lineage":"l","resources":[
			{"module":"module.n1","mode":"managed","type":"local_file","name":"y","provider":"provider[\"registry.terraform.io/hashicorp/local\"]","instances":[{},{}]},
			{"module":"module.n1","mode":"managed","type":"x","name":"y","provider":"module.n1.provider[\"registry.opentofu.org/hashicorp/time\"].alias","instances":[{}]},
			{"module":"module.n1","mode":"managed","type":"x","name":"z","provider":"provider[\"example.com/other/local\"]","instances":[{}]}]}`,
			want: StateView{Lineage: "l", Resources: map[string]int{"n1": 4}, Here: map[string]int{"n1": 3}, Results: map[string]Result{}}},
		{name: "torn", text: stateText("7", "l")[:200], err: "unexpected end"},
		{name: "another format", text: `{"version":3}`, err: "format 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseState([]byte(c.text))
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v, want one with %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.want.Here == nil {
				c.want.Here = map[string]int{}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzParseState(f *testing.F) {
	f.Add([]byte(stateText("7", "l")))
	f.Add([]byte(`{"version":4,"resources":[{"instances":[null]}]}`))
	f.Add([]byte(`{"version":4,"resources":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := ParseState(data)
		if err != nil {
			return
		}
		total := v.Other
		for slot, n := range v.Resources {
			total += n
			if n == 0 != v.Empty(slot) {
				t.Errorf("slot %s: %d resources, empty %v", slot, n, v.Empty(slot))
			}
		}
		if total != v.Total() {
			t.Errorf("total %d, counted %d", v.Total(), total)
		}
	})
}

// TestReadState: what a folder's files say, and which of them is left in the state's place.
func TestReadState(t *testing.T) {
	torn := stateText("7", "l")[:200]
	for _, c := range []struct {
		name     string
		files    map[string]string
		serial   uint64
		restored string
		err      string
		aside    string // a file that must be there afterwards
	}{
		{name: "no state", files: map[string]string{}},
		{name: "empty, as a run killed while it planned leaves it", files: map[string]string{StateFile: ""}},
		{name: "whole", files: map[string]string{StateFile: stateText("7", "l"), goodFile: stateText("6", "l"), backupFile: stateText("1", "l")}, serial: 7},
		{name: "torn, with our copy", files: map[string]string{StateFile: torn, goodFile: stateText("6", "l"), backupFile: stateText("1", "l")}, serial: 6, restored: goodFile, aside: StateFile + ".torn"},
		{name: "torn, with Terraform's backup", files: map[string]string{StateFile: torn, backupFile: stateText("1", "l")}, serial: 1, restored: backupFile},
		{name: "torn, with a torn copy", files: map[string]string{StateFile: torn, goodFile: torn, backupFile: stateText("1", "l")}, serial: 1, restored: backupFile},
		{name: "empty, with our copy", files: map[string]string{StateFile: "", goodFile: stateText("6", "l")}, serial: 6, restored: goodFile},
		{name: "missing, with our copy", files: map[string]string{goodFile: stateText("6", "l")}, serial: 6, restored: goodFile},
		{name: "torn, and no copy", files: map[string]string{StateFile: torn}, err: "terraform.tfstate"},
		{name: "errored", files: map[string]string{StateFile: stateText("7", "l"), erroredFile: stateText("8", "l")}, serial: 8, restored: erroredFile},
		{name: "errored beside a torn one", files: map[string]string{StateFile: torn, goodFile: stateText("6", "l"), erroredFile: stateText("7", "l")}, serial: 7, restored: erroredFile},
		{name: "errored beside none", files: map[string]string{erroredFile: stateText("2", "l")}, serial: 2, restored: erroredFile},
		{name: "errored, but the state went on", files: map[string]string{StateFile: stateText("9", "l"), erroredFile: stateText("8", "l")}, serial: 9, aside: erroredFile + ".stale"},
		{name: "errored, unreadable", files: map[string]string{StateFile: stateText("7", "l"), erroredFile: ""}, serial: 7},
		{name: "errored of another lineage", files: map[string]string{StateFile: stateText("7", "l"), erroredFile: stateText("8", "other")}, err: "different lineage"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range c.files {
				write(t, filepath.Join(dir, name), text)
			}
			for range 2 { // what it put right stays right
				v, err := ReadState(dir)
				if c.err != "" {
					if err == nil || !strings.Contains(err.Error(), c.err) {
						t.Fatalf("error %v, want one with %q", err, c.err)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if v.Serial != c.serial || v.Restored != c.restored {
					t.Fatalf("serial %d restored %q, want %d %q", v.Serial, v.Restored, c.serial, c.restored)
				}
				c.restored = ""
			}
			if c.err != "" {
				return
			}
			if v, err := PeekState(dir); err != nil || v.Serial != c.serial {
				t.Errorf("state file holds %d, %v", v.Serial, err)
			}
			if info, err := os.Stat(filepath.Join(dir, StateFile)); err == nil && info.Mode().Perm() != 0o600 {
				t.Errorf("mode %o", info.Mode().Perm())
			}
			if c.aside != "" && !exists(filepath.Join(dir, c.aside)) {
				t.Errorf("%s is gone", c.aside)
			}
		})
	}
}
