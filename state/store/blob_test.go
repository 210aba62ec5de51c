package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/state/store"
)

func get(tb testing.TB, s *session.Session, path string) ([]byte, error) {
	tb.Helper()
	data, _, err := s.Get(tb.Context(), path)
	return data, err
}

// remove removes a blob as it is now.
func remove(ctx context.Context, st *store.Store, kind, name string) error {
	old, err := st.OldBlobs(ctx, kind, 0)
	for _, b := range old {
		if b.Name == name {
			err = errors.Join(err, st.RemoveBlob(ctx, b))
		}
	}
	return err
}

func TestBlobs(t *testing.T) {
	ownServer(t)
	ctx := t.Context()
	a, s := openWith(t, store.Options{ID: "a"})
	b := open(t, "b")
	big := large(5 << 20).Files["terraform.tfstate"]
	if names, err := a.Blobs(ctx, "module"); err != nil || len(names) > 0 {
		t.Errorf("%q %v", names, err)
	}
	for name, data := range map[string][]byte{"empty": {}, "small": []byte("x"), "big": big} {
		if _, err := b.GetBlob(ctx, "module", name); !errors.Is(err, zk.ErrNoNode) {
			t.Errorf("%s before it was put: %v", name, err)
		}
		if must[bool](t)(b.HasBlob(ctx, "module", name)) {
			t.Errorf("%s is there before it was put", name)
		}
		check(t, a.PutBlob(ctx, "module", name, data))
		check(t, a.PutBlob(ctx, "module", name, data))
		check(t, b.PutBlob(ctx, "module", name, []byte("not looked at")))
		if !must[bool](t)(b.HasBlob(ctx, "module", name)) {
			t.Errorf("%s is not there", name)
		}
		if got := must[[]byte](t)(b.GetBlob(ctx, "module", name)); !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes, want %d", name, len(got), len(data))
		}
		if _, err := b.GetBlob(ctx, "other", name); !errors.Is(err, zk.ErrNoNode) {
			t.Errorf("%s of another kind: %v", name, err)
		}
	}
	if names := must[[]string](t)(b.Blobs(ctx, "module")); !slices.Equal(names, []string{"big", "empty", "small"}) {
		t.Errorf("%q", names)
	}
	for _, name := range []string{"big", "empty", "small", "big", "never seen"} {
		check(t, remove(ctx, b, "module", name))
	}
	check(t, remove(ctx, b, "no such kind", "x"))
	if names, _, err := s.Children(ctx, "/nodepool-tf/blobs/module"); err != nil || len(names) > 0 {
		t.Errorf("left %q %v", names, err)
	}
}

// Several launchers keep the same large blob at once, while somebody removes it: who reads gets all of it or nothing.
func TestBlobOfManyWriters(t *testing.T) {
	ownServer(t)
	ctx := t.Context()
	data := large(chunked).Files["terraform.tfstate"]
	var stores []*store.Store
	for i := range 3 {
		stores = append(stores, open(t, fmt.Sprint(i)))
	}
	reader, s := openWith(t, store.Options{ID: "reader"})
	for round := range 6 {
		var wg sync.WaitGroup
		for _, st := range stores {
			wg.Go(func() {
				if err := st.PutBlob(ctx, "module", "m", data); err != nil {
					t.Errorf("round %d: %v", round, err)
				}
			})
		}
		wg.Go(func() {
			if round%2 == 0 {
				if err := remove(ctx, reader, "module", "m"); err != nil {
					t.Errorf("round %d: %v", round, err)
				}
			}
		})
		for range 5 {
			got, err := reader.GetBlob(ctx, "module", "m")
			if err == nil && !bytes.Equal(got, data) {
				t.Errorf("round %d: read %d bytes", round, len(got))
			}
			if err != nil && !errors.Is(err, zk.ErrNoNode) {
				t.Errorf("round %d: %v", round, err)
			}
		}
		wg.Wait()
		check(t, reader.PutBlob(ctx, "module", "m", data))
		if got := must[[]byte](t)(reader.GetBlob(ctx, "module", "m")); !bytes.Equal(got, data) {
			t.Errorf("round %d: read %d bytes", round, len(got))
		}
		if names, _, err := s.Children(ctx, "/nodepool-tf/blobs/module/m"); err != nil || len(names) != 4 {
			t.Errorf("round %d: chunks %q %v", round, names, err)
		}
		check(t, remove(ctx, reader, "module", "m"))
	}
}

// A key that is introduced later reaches blobs that were kept before; a launcher without it does not undo that.
func TestBlobsAreWrittenAgainWithANewKey(t *testing.T) {
	ownServer(t)
	ctx := t.Context()
	plain, s := openWith(t, store.Options{ID: "plain"})
	keyed, _ := openWith(t, store.Options{ID: "keyed", Key: key(t, "correct horse battery")})
	for name, data := range map[string][]byte{"small": []byte("secret"), "big": large(chunked).Files["terraform.tfstate"]} {
		check(t, plain.PutBlob(ctx, "module", name, data))
		if _, err := keyed.GetBlob(ctx, "module", name); !errors.Is(err, store.ErrKey) {
			t.Errorf("not encrypted: %v", err)
		}
		if !must[bool](t)(plain.HasBlob(ctx, "module", name)) || must[bool](t)(keyed.HasBlob(ctx, "module", name)) {
			t.Errorf("%s in clear is as good as written with the key", name)
		}
		check(t, keyed.PutBlob(ctx, "module", name, data))
		check(t, plain.PutBlob(ctx, "module", name, data))
		if got := must[[]byte](t)(keyed.GetBlob(ctx, "module", name)); !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes, want %d", name, len(got), len(data))
		}
		if _, err := plain.GetBlob(ctx, "module", name); !errors.Is(err, store.ErrKey) {
			t.Errorf("encrypted: %v", err)
		}
	}
	if names, _, err := s.Children(ctx, "/nodepool-tf/blobs/module/big"); err != nil || len(names) != 4 {
		t.Errorf("chunks %q %v", names, err)
	}
}

// TestOldBlobs: who asks for a blob keeps it from being removed by whoever listed it before; of two who remove, the later one
// may.
func TestOldBlobs(t *testing.T) {
	ctx := t.Context()
	remover, other := open(t, "remover"), open(t, "other")
	data := large(chunked).Files["terraform.tfstate"]
	for name, content := range map[string][]byte{"asked": []byte("x"), "put": data, "unused": data} {
		check(t, other.PutBlob(ctx, "module", name, content))
	}
	if old := must[[]store.OldBlob](t)(remover.OldBlobs(ctx, "module", time.Hour)); len(old) > 0 {
		t.Errorf("young ones are old: %v", old)
	}
	old := must[[]store.OldBlob](t)(remover.OldBlobs(ctx, "module", 0))
	if len(old) != 3 {
		t.Fatalf("listed %v", old)
	}
	if has, err := other.HasBlob(ctx, "module", "asked"); !has || err != nil {
		t.Errorf("%v %v", has, err)
	}
	check(t, other.PutBlob(ctx, "module", "put", data))
	for _, b := range old {
		check(t, remover.RemoveBlob(ctx, b))
	}
	if names := must[[]string](t)(other.Blobs(ctx, "module")); !slices.Equal(names, []string{"asked", "put"}) {
		t.Errorf("left %q", names)
	}
	if got := must[[]byte](t)(other.GetBlob(ctx, "module", "put")); !bytes.Equal(got, data) {
		t.Errorf("read %d bytes", len(got))
	}
	if has, err := other.HasBlob(ctx, "module", "unused"); has || err != nil {
		t.Errorf("%v %v", has, err)
	}

	check(t, other.PutBlob(ctx, "module", "again", []byte("x")))
	early := must[[]store.OldBlob](t)(remover.OldBlobs(ctx, "module", 0))
	check(t, remove(ctx, other, "module", "again"))
	check(t, other.PutBlob(ctx, "module", "again", []byte("x"))) // as it was when it was listed, for all that its znode tells
	for _, b := range early {
		if err := remover.RemoveBlob(ctx, b); !errors.Is(err, store.ErrTurn) {
			t.Errorf("%s: %v", b.Name, err)
		}
	}
	if names := must[[]string](t)(other.Blobs(ctx, "module")); !slices.Equal(names, []string{"again", "asked", "put"}) {
		t.Errorf("left %q", names)
	}
}

// TestBases: those of all documents; one that does not say, or is of a later version, may name any.
func TestBases(t *testing.T) {
	ctx := t.Context()
	a, s := openWith(t, store.Options{ID: "a"})
	b, _ := openWith(t, store.Options{ID: "b", Key: key(t, "correct horse battery")})
	for i, st := range []*store.Store{a, b, b} {
		d := typical()
		d.Base = fmt.Sprint("base", i)
		check(t, st.Put(ctx, fmt.Sprint("w", i), d))
	}
	check(t, s.EnsurePath(ctx, "/nodepool-tf/workspaces/begun"))
	if got := must[map[string]bool](t)(a.Bases(ctx)); !maps.Equal(got, map[string]bool{"base0": true, "base1": true, "base2": true}) {
		t.Errorf("%v", got)
	}
	for _, text := range []string{`{"format":9,"base":"x","size":0}`, `{"format":1,"size":0}`, "no header"} {
		if _, err := s.Set(ctx, "/nodepool-tf/workspaces/begun", []byte(text+"\n"), -1); err != nil {
			t.Fatal(err)
		}
		if got, err := a.Bases(ctx); err == nil || !strings.Contains(err.Error(), "begun") {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}
