package store_test

import (
	"errors"
	"testing"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// TestReader: whoever only looks sees what launchers keep, needs the key for the files alone, and disturbs nobody.
func TestReader(t *testing.T) {
	ctx, k := t.Context(), key(t, "a secret of sixteen or more")
	st, s := openWith(t, store.Options{ID: "a", Key: k})
	d := store.Document{Provider: "p", Engine: "terraform", Base: "b", Serial: 3, Files: map[string][]byte{"f": []byte("x")}}
	if err := st.Put(ctx, "ws-1", d); err != nil {
		t.Fatal(err)
	}
	blind := store.NewReader(s, nil)
	launchers, err := blind.Launchers(ctx)
	if err != nil || len(launchers) != 1 || launchers[0].ID != "a" || !launchers[0].Alive {
		t.Errorf("%+v, %v", launchers, err)
	}
	if ids, err := blind.Of(ctx, "a"); err != nil || len(ids) != 1 || ids[0] != "ws-1" {
		t.Errorf("%v, %v", ids, err)
	}
	head, err := blind.Head(ctx, "ws-1")
	if err != nil || head.Provider != "p" || head.Serial != 3 || len(head.Files) != 0 {
		t.Errorf("%+v, %v", head, err)
	}
	if _, err := blind.Get(ctx, "ws-1"); !errors.Is(err, store.ErrKey) {
		t.Errorf("without the key: %v", err)
	}
	if got, err := store.NewReader(s, k).Get(ctx, "ws-1"); err != nil || string(got.Files["f"]) != "x" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := blind.Head(ctx, "ws-2"); !errors.Is(err, zk.ErrNoNode) {
		t.Errorf("of none: %v", err)
	}
	if _, err := blind.Head(ctx, "../ws"); err == nil {
		t.Error("a path is taken for a name")
	}
	if err := st.Put(ctx, "ws-1", d); err != nil {
		t.Errorf("the launcher was disturbed: %v", err)
	}
}
