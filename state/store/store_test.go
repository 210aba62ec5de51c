package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/state/store"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

func TestPutGetRemove(t *testing.T) {
	for name, k := range map[string]*store.Key{"plain": nil, "encrypted": key(t, "correct horse battery")} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			st, s := openWith(t, store.Options{ID: "a", Key: k})
			other, _ := openWith(t, store.Options{ID: "b", Key: k})

			if _, err := st.Get(ctx, "w1"); !errors.Is(err, zk.ErrNoNode) {
				t.Errorf("get what is not there: %v", err)
			}
			check(t, st.Remove(ctx, "w1"))
			first := typical()
			check(t, st.Put(ctx, "w1", first))
			if diff := cmp.Diff(first, must[store.Document](t)(other.Get(ctx, "w1"))); diff != "" {
				t.Error(diff)
			}
			second := store.Document{Provider: "cloud", Engine: "opentofu", Files: map[string][]byte{".terraform.lock.hcl": {}, "a": []byte("x")}}
			for range 3 {
				check(t, st.Put(ctx, "w1", second))
			}
			if diff := cmp.Diff(second, must[store.Document](t)(other.Get(ctx, "w1"))); diff != "" {
				t.Error(diff)
			}
			check(t, st.Put(ctx, "w0", store.Document{}))
			if own := must[[]string](t)(st.Own(ctx)); !slices.Equal(own, []string{"w0", "w1"}) {
				t.Errorf("own: %q", own)
			}
			if of := must[[]string](t)(other.Of(ctx, "a")); !slices.Equal(of, []string{"w0", "w1"}) {
				t.Errorf("of a: %q", of)
			}
			if own := must[[]string](t)(other.Own(ctx)); len(own) != 0 {
				t.Errorf("b owns %q", own)
			}

			for _, err := range []error{other.Put(ctx, "w1", first), other.Remove(ctx, "w1")} {
				if !errors.Is(err, store.ErrLost) || errors.Is(err, store.ErrLease) {
					t.Errorf("somebody else's: %v", err)
				}
			}
			check(t, st.Remove(ctx, "w1"))
			check(t, st.Remove(ctx, "w1"))
			check(t, st.Remove(ctx, "w0"))
			for _, path := range []string{"/nodepool-tf/workspaces", "/nodepool-tf/launchers/a/workspaces"} {
				if names, _, err := s.Children(ctx, path); err != nil || len(names) > 0 {
					t.Errorf("%s has %q: %v", path, names, err)
				}
			}
		})
	}
}

// What another launcher removed or an operator deleted by hand.
func TestPutOfWhatIsGone(t *testing.T) {
	ownServer(t)
	ctx := t.Context()
	st, s := openWith(t, store.Options{ID: "a"})
	for _, d := range []store.Document{typical(), large(chunked)} {
		check(t, st.Put(ctx, "w", d))
		check(t, s.DeleteAll(ctx, "/nodepool-tf/workspaces/w"))
		check(t, st.Put(ctx, "w", d)) // the pointer says that it is ours
		if !sameFiles(d, must[store.Document](t)(st.Get(ctx, "w"))) {
			t.Error("another document")
		}
		check(t, s.DeleteAll(ctx, "/nodepool-tf/workspaces/w"))
		check(t, st.Remove(ctx, "w"))

		check(t, st.Put(ctx, "w", d))
		check(t, s.DeleteAll(ctx, "/nodepool-tf/workspaces/w"))
		check(t, s.Delete(ctx, "/nodepool-tf/launchers/a/workspaces/w", -1))
		if err := st.Put(ctx, "w", d); !errors.Is(err, store.ErrLost) {
			t.Errorf("put of what was removed: %v", err)
		}
		if names, _, err := s.Children(ctx, "/nodepool-tf/workspaces"); err != nil || len(names) > 0 {
			t.Errorf("%q %v", names, err)
		}
	}
}

func TestAnEarlierIncarnationIsReplaced(t *testing.T) {
	ctx := t.Context()
	old, s := openWith(t, store.Options{ID: "a"})
	check(t, old.Put(ctx, "w", typical()))
	check(t, old.PutBlob(ctx, "module", "m", []byte("x")))

	young := open(t, "a")
	if own := must[[]string](t)(young.Own(ctx)); !slices.Equal(own, []string{"w"}) {
		t.Errorf("own: %q", own)
	}
	for _, err := range []error{
		old.Put(ctx, "w", typical()), old.Put(ctx, "new", typical()), old.Put(ctx, "large", large(chunked)), old.Remove(ctx, "w"),
		old.PutBlob(ctx, "module", "new", []byte("x")), old.RemoveBlob(ctx, store.OldBlob{Kind: "module", Name: "m"}), old.Forget(ctx, "b"),
		old.SetAbout(ctx, store.About{}),
	} {
		if !errors.Is(err, store.ErrLease) || !errors.Is(err, store.ErrLost) {
			t.Errorf("the older one: %v", err)
		}
	}
	<-old.Lost()
	mine := typical()
	check(t, young.Put(ctx, "w", mine))
	select {
	case <-young.Lost():
		t.Error("the younger one has lost its lease")
	default:
	}
	check(t, old.Close(ctx)) // must not take the lease of the other with it
	check(t, young.Put(ctx, "w", mine))
	if names, _, err := s.Children(ctx, "/nodepool-tf/launchers/a/alive"); err != nil || len(names) != 1 {
		t.Errorf("leases %q: %v", names, err)
	}
	check(t, young.Close(ctx))
	check(t, young.Close(ctx))
	if err := young.Put(ctx, "w", mine); !errors.Is(err, store.ErrLease) {
		t.Errorf("after the lease was given back: %v", err)
	}
}

func TestOthers(t *testing.T) {
	ctx := t.Context()
	about := store.About{Hostname: "h", Version: "1", Providers: []string{"x", "y"}, Since: 1.5}
	a, s := openWith(t, store.Options{ID: "a", About: about})
	b := open(t, "b")
	c := open(t, "c")
	check(t, b.Put(ctx, "w", typical()))
	check(t, b.Close(ctx))
	must[*zk.Stat](t)(s.Set(ctx, "/nodepool-tf/launchers/c", []byte("nonsense"), -1))

	unversioned := cmpopts.IgnoreFields(store.Launcher{}, "Version")
	want := []store.Launcher{{ID: "a", About: about, Alive: true}, {ID: "b"}}
	if diff := cmp.Diff(want, must[[]store.Launcher](t)(c.Others(ctx)), unversioned); diff != "" {
		t.Error(diff)
	}
	about.Providers = []string{"z"}
	check(t, a.SetAbout(ctx, about))
	want[0].About = about
	if diff := cmp.Diff(want, must[[]store.Launcher](t)(c.Others(ctx)), unversioned); diff != "" {
		t.Error(diff)
	}
	check(t, a.Forget(ctx, "b")) // has a workspace
	check(t, a.Forget(ctx, "c")) // lives
	check(t, a.Forget(ctx, "never seen"))
	check(t, a.Forget(ctx, "a"))
	want = []store.Launcher{{ID: "b"}, {ID: "c", Alive: true}}
	if diff := cmp.Diff(want, must[[]store.Launcher](t)(a.Others(ctx)), unversioned); diff != "" {
		t.Error(diff)
	}
	check(t, c.Close(ctx))
	check(t, a.Forget(ctx, "c"))
	if others := must[[]store.Launcher](t)(a.Others(ctx)); len(others) != 1 {
		t.Errorf("others: %v", others)
	}
	open(t, "c") // comes back
	if others := must[[]store.Launcher](t)(a.Others(ctx)); len(others) != 2 || !others[1].Alive {
		t.Errorf("others: %v", others)
	}
}

// A write that its caller gave up may happen all the same, but not after a later one.
func TestAbandonedPutDoesNotOvertake(t *testing.T) {
	ctx := t.Context()
	srv, root := zktest.Shared(t)
	proxy := zktest.Proxy(t, srv.Addr)
	s := zktest.Connect(t, session.Options{Servers: []string{proxy.Addr}, Chroot: root, Timeout: patient})
	st := must[*store.Store](t)(store.Open(ctx, s, store.Options{ID: "a"}))
	check(t, st.Put(ctx, "w", typical()))

	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := st.Put(ended, "w", typical()); !errors.Is(err, context.Canceled) {
		t.Errorf("put with an ended context: %v", err)
	}
	proxy.Cut()
	for !s.Suspended() {
		time.Sleep(time.Millisecond)
	}
	for range 3 {
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		if err := st.Put(short, "w", typical()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("put while suspended: %v", err)
		}
		cancel()
	}
	last := typical()
	put := make(chan error)
	go func() { put <- st.Put(ctx, "w", last) }()
	proxy.Restore()
	check(t, <-put)
	if !sameFiles(last, must[store.Document](t)(st.Get(ctx, "w"))) {
		t.Error("an abandoned one came later")
	}
	_, stat, err := s.Exists(ctx, "/nodepool-tf/workspaces/w")
	if err != nil || stat.Version != 2 { // the first, the one that was under way, the last
		t.Errorf("version %d: %v", stat.Version, err)
	}
}

func TestChroot(t *testing.T) {
	ctx := t.Context()
	srv, root := zktest.Shared(t)
	plain := zktest.Connect(t, session.Options{Servers: []string{srv.Addr}})
	s := zktest.Connect(t, session.Options{Servers: []string{srv.Addr}, Chroot: root + "/deep"})
	st := must[*store.Store](t)(store.Open(ctx, s, store.Options{ID: "a"}))
	check(t, st.Put(ctx, "w", large(chunked)))
	check(t, st.PutBlob(ctx, "module", "m", []byte("x")))
	for path, n := range map[string]int{
		"/launchers/a/alive": 1, "/launchers/a/workspaces/w": 0, "/workspaces/w": 4, "/blobs/module/m": 0,
	} {
		if names, _, err := plain.Children(ctx, root+"/deep/nodepool-tf"+path); err != nil || len(names) != n {
			t.Errorf("%s: %q %v", path, names, err)
		}
	}
}

func TestBadNamesAreRefused(t *testing.T) {
	ctx := t.Context()
	s := zktest.Session(t)
	st := must[*store.Store](t)(store.Open(ctx, s, store.Options{ID: "a"}))
	long := string(make([]byte, 300))
	for _, name := range []string{"", ".", "..", "a/b", "/a", "a\x00", "\ue000", "\xff", "a\nb", long} {
		_, open := store.Open(ctx, s, store.Options{ID: name})
		_, get := st.Get(ctx, name)
		_, from := st.Take(ctx, store.Launcher{ID: name}, "w")
		_, take := st.Take(ctx, store.Launcher{ID: "b"}, name)
		_, of := st.Of(ctx, name)
		_, blob := st.GetBlob(ctx, "module", name)
		_, kind := st.Blobs(ctx, name)
		for i, err := range []error{
			open, get, from, take, of, blob, kind, st.Put(ctx, name, store.Document{}), st.Remove(ctx, name), st.Forget(ctx, name),
			st.PutBlob(ctx, name, "x", nil), st.PutBlob(ctx, "x", name, nil), st.RemoveBlob(ctx, store.OldBlob{Kind: "x", Name: name}),
		} {
			if err == nil || errors.Is(err, zk.ErrBadArguments) {
				t.Errorf("%q passed as argument of call %d: %v", name, i, err)
			}
		}
	}
	for _, name := range []string{"", ".", "..", "../x", "..x", "a/b", `a\b`, "c:x", "a\x00", "a\n"} {
		if err := st.Put(ctx, "w", store.Document{Files: map[string][]byte{name: nil}}); err == nil {
			t.Errorf("file name %q passed", name)
		}
	}
}
