package store_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/store"
)

const chunksOf = "/nodepool-tf/workspaces/w"

func TestChunks(t *testing.T) {
	ownServer(t)
	ctx := t.Context()
	st, s := openWith(t, store.Options{ID: "a", Key: key(t, "correct horse battery")})
	count := func(want int) {
		t.Helper()
		if names, _, err := s.Children(ctx, chunksOf); err != nil || len(names) != want {
			t.Errorf("%d chunks, want %d: %q %v", len(names), want, names, err)
		}
	}
	for _, step := range []struct{ size, chunks int }{
		{5 << 20, 21}, {5<<20 + 1, 21}, {768<<10 - 1000, 0}, {768 << 10, 4}, {100, 0}, {100, 0}, {3 << 20, 13},
	} {
		d := large(step.size)
		check(t, st.Put(ctx, "w", d))
		count(step.chunks)
		if !sameFiles(d, must[store.Document](t)(st.Get(ctx, "w"))) {
			t.Errorf("%d bytes: another document", step.size)
		}
	}
	check(t, st.Remove(ctx, "w"))
	if exists, _, err := s.Exists(ctx, chunksOf); exists || err != nil {
		t.Errorf("still there: %v", err)
	}
	if err := st.Put(ctx, "w", large(65<<20)); err == nil {
		t.Error("a document that could not be read back was taken")
	}
	if exists, _, err := s.Exists(ctx, chunksOf); exists || err != nil {
		t.Errorf("something of it was written: %v", err)
	}
}

// A process that died between the chunks and the header leaves chunks that nobody names.
func TestLeftoversOfACrashGo(t *testing.T) {
	ownServer(t)
	ctx := t.Context()
	stray := func(t *testing.T) (st *store.Store, count func() int) {
		old, s := openWith(t, store.Options{ID: "a"})
		check(t, old.Put(ctx, "w", typical()))
		must[string](t)(s.Create(ctx, chunksOf+"/0123456789abcdef-0", []byte("x"), 0))
		must[string](t)(s.Create(ctx, chunksOf+"/0123456789abcdef-1", []byte("x"), 0))
		return open(t, "a"), func() int {
			names, _, err := s.Children(ctx, chunksOf)
			if err != nil && !errors.Is(err, zk.ErrNoNode) {
				t.Error(err)
			}
			return len(names)
		}
	}
	t.Run("put", func(t *testing.T) {
		st, count := stray(t)
		check(t, st.Put(ctx, "w", typical()))
		if count() != 0 {
			t.Error("they are still there")
		}
	})
	t.Run("put large", func(t *testing.T) {
		st, count := stray(t)
		check(t, st.Put(ctx, "w", large(chunked)))
		if count() != 4 {
			t.Error("they are still there")
		}
	})
	t.Run("remove", func(t *testing.T) {
		st, _ := stray(t)
		check(t, st.Remove(ctx, "w"))
	})
	t.Run("take", func(t *testing.T) {
		st, count := stray(t)
		check(t, st.Close(ctx))
		b := open(t, "b")
		must[store.Document](t)(b.Take(ctx, seen(t, b, "a"), "w"))
		check(t, b.Put(ctx, "w", typical()))
		if count() != 0 {
			t.Error("they are still there")
		}
	})
	t.Run("first copy", func(t *testing.T) {
		old, s := openWith(t, store.Options{ID: "a"})
		check(t, old.Put(ctx, "w", large(chunked)))
		must[*zk.Stat](t)(s.Set(ctx, chunksOf, nil, -1))
		st := open(t, "a")
		if own := must[[]string](t)(st.Own(ctx)); !slices.Equal(own, []string{"w"}) {
			t.Errorf("own %q", own)
		}
		if _, err := st.Get(ctx, "w"); !errors.Is(err, zk.ErrNoNode) {
			t.Errorf("half a copy was read: %v", err)
		}
		check(t, st.Put(ctx, "w", typical()))
		if !strings.Contains(string(must[[]byte](t)(get(t, s, chunksOf))), "\n") {
			t.Error("no header")
		}
		check(t, st.Remove(ctx, "w"))
	})
}

// Who reads while a large document is replaced sees one or the other.
func TestReadersSeeWholeDocuments(t *testing.T) {
	ownServer(t)
	ctx := t.Context()
	a, b := open(t, "a"), open(t, "b")
	docs := []store.Document{large(chunked), typical(), large(2 * chunked)}
	check(t, a.Put(ctx, "w", docs[0]))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(stop)
		for i := range 18 {
			if err := a.Put(ctx, "w", docs[i%3]); err != nil {
				t.Error(err)
			}
		}
	})
	seen := map[int]int{}
	for done := false; !done; {
		select {
		case <-stop:
			done = true
		default:
			d, err := b.Get(ctx, "w")
			which := slices.IndexFunc(docs, func(o store.Document) bool { return sameFiles(d, o) })
			if err != nil || which < 0 {
				t.Errorf("read %d files: %v", len(d.Files), err)
			}
			seen[which]++
		}
	}
	wg.Wait()
	if len(seen) < 2 {
		t.Errorf("the reader saw only %v", seen)
	}
}
