package execute

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// A module that is part of the program is laid out once for each content, with its list module.
func TestShipped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := NewBases(Engine{Product: "terraform"}, dir, slog.New(slog.DiscardHandler))
	defer b.Close()
	files := fstest.MapFS{"main.tf": {Data: []byte(nothing)}, "list/main.tf": {Data: []byte(`output "resources" { value = [] }`)}}
	m := modules.Module{Source: "openstack/node", Shipped: files}
	first, err := b.source(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	laid := filepath.Join(dir, "bases", "x", first)
	for name, f := range files {
		if data, err := os.ReadFile(filepath.Join(laid, name)); err != nil || string(data) != string(f.Data) {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	if _, local := m.Local(); local {
		t.Error("it is taken for a folder of the operator's")
	}

	other := NewBases(Engine{Product: "terraform"}, dir, slog.New(slog.DiscardHandler)) // the next daemon
	defer other.Close()
	if again, err := other.source(t.Context(), m); err != nil || again != first {
		t.Errorf("laid out again at %s, %v", again, err)
	}
	files["main.tf"] = &fstest.MapFile{Data: []byte(nothing + "\n")}
	third := NewBases(Engine{Product: "terraform"}, dir, slog.New(slog.DiscardHandler)) // of the next release
	defer third.Close()
	if newer, err := third.source(t.Context(), m); err != nil || newer == first {
		t.Errorf("another content is at %s, %v", newer, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "modules", copyPrefix+"*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
