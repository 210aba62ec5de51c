package reconciler

import (
	"slices"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/state/store"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestRemoveOldBlobs: a recipe that no document of any launcher names goes, then the modules that no recipe names; nothing
// goes where something may be needed that cannot be seen.
func TestRemoveOldBlobs(t *testing.T) {
	t.Parallel()
	const needed, unneeded, ofNobody = "b1", "b2", "m3"
	for name, c := range map[string]struct {
		unused time.Duration
		change func(t *testing.T, other *store.Store, s *session.Session)
		left   []string // of the five
		fails  bool
	}{
		"old":   {left: []string{needed, "m1"}},
		"young": {unused: time.Hour, left: []string{needed, unneeded, "m1", "m2", ofNobody}},
		"an older version lives": {
			change: func(t *testing.T, other *store.Store, _ *session.Session) {
				check(t, other.SetAbout(t.Context(), store.About{}))
			},
			left: []string{needed, unneeded, "m1", "m2", ofNobody},
		},
		"an older version is dead": {
			change: func(t *testing.T, other *store.Store, _ *session.Session) {
				check(t, other.SetAbout(t.Context(), store.About{}))
				check(t, other.Close(t.Context()))
			},
			left: []string{needed, "m1"},
		},
		"document of a later version": {
			change: func(t *testing.T, _ *store.Store, s *session.Session) {
				_, err := s.Create(t.Context(), "/nodepool-tf/workspaces/later", []byte("{\"format\":9}\n"), 0)
				check(t, err)
			},
			left: []string{needed, unneeded, "m1", "m2", ofNobody}, fails: true,
		},
		"recipe that cannot be read": {
			change: func(t *testing.T, other *store.Store, s *session.Session) {
				_, err := s.Set(t.Context(), "/nodepool-tf/blobs/bases/"+needed, []byte("?\n"), -1)
				check(t, err)
			},
			left: []string{needed, "m1", "m2", ofNobody}, fails: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			srv, chroot := zktest.Shared(t)
			open := func(id string) (*store.Store, *session.Session) {
				s := zktest.Connect(t, session.Options{Servers: []string{srv.Addr}, Chroot: chroot})
				st, err := store.Open(ctx, s, store.Options{ID: id, About: store.About{AsksAgain: true}})
				check(t, err)
				return st, s
			}
			st, s := open("remover")
			other, _ := open("other")
			check(t, other.Put(ctx, "w", store.Document{Provider: "p", Engine: "terraform", Base: needed}))
			for _, m := range []string{"m1", "m2", ofNobody} {
				check(t, other.PutBlob(ctx, execute.BlobModule, m, []byte("x")))
			}
			check(t, other.PutBlob(ctx, execute.BlobBase, needed, []byte(`{"module":"m1"}`)))
			check(t, other.PutBlob(ctx, execute.BlobBase, unneeded, []byte(`{"module":"m2"}`)))
			if c.change != nil {
				c.change(t, other, s)
			}
			removed, err := removeOldBlobs(ctx, st, c.unused)
			if c.fails != (err != nil) || removed != 5-len(c.left) {
				t.Errorf("removed %d, %v", removed, err)
			}
			bases, err := st.Blobs(ctx, execute.BlobBase)
			check(t, err)
			modules, err := st.Blobs(ctx, execute.BlobModule)
			check(t, err)
			if left := append(bases, modules...); !slices.Equal(left, c.left) {
				t.Errorf("left %v, want %v", left, c.left)
			}
		})
	}
}
