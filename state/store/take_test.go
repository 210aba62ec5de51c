package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"golang.org/x/sync/errgroup"

	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/state/store"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

func TestTake(t *testing.T) {
	ownServer(t)
	for name, d := range map[string]store.Document{"small": typical(), "large": large(chunked)} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			a, b := open(t, "a"), open(t, "b")
			check(t, a.Put(ctx, "w", d))
			check(t, a.Put(ctx, "w2", d))
			if _, err := b.Take(ctx, seen(t, b, "a"), "w"); !errors.Is(err, store.ErrAlive) {
				t.Errorf("take from the living: %v", err)
			}
			if _, err := a.Take(ctx, seen(t, a, "a"), "w"); err == nil {
				t.Error("took from itself")
			}
			check(t, a.Close(ctx))
			if got := must[store.Document](t)(b.Take(ctx, seen(t, b, "a"), "w")); !sameFiles(d, got) || got.Provider != d.Provider || got.Serial != d.Serial {
				t.Error("another document")
			}
			for _, id := range []string{"w", "nothing"} {
				if _, err := b.Take(ctx, seen(t, b, "a"), id); !errors.Is(err, store.ErrLost) || errors.Is(err, store.ErrLease) {
					t.Errorf("take %s, which is not there: %v", id, err)
				}
			}
			if _, err := b.Take(ctx, seen(t, b, "never seen"), "w"); !errors.Is(err, store.ErrLost) {
				t.Errorf("take from nobody: %v", err)
			}
			if own, left := must[[]string](t)(b.Own(ctx)), must[[]string](t)(b.Of(ctx, "a")); !slices.Equal(own, []string{"w"}) || !slices.Equal(left, []string{"w2"}) {
				t.Errorf("own %q, left %q", own, left)
			}

			again := open(t, "a") // it was only away
			if _, err := b.Take(ctx, seen(t, b, "a"), "w2"); !errors.Is(err, store.ErrAlive) {
				t.Errorf("take from the returned: %v", err)
			}
			if err := again.Put(ctx, "w", d); !errors.Is(err, store.ErrLost) || errors.Is(err, store.ErrLease) {
				t.Errorf("the former owner wrote: %v", err)
			}
			if err := again.Remove(ctx, "w"); !errors.Is(err, store.ErrLost) {
				t.Errorf("the former owner removed: %v", err)
			}
			check(t, again.Put(ctx, "w2", d))
			mine := typical()
			check(t, b.Put(ctx, "w", mine))
			if !sameFiles(mine, must[store.Document](t)(again.Get(ctx, "w"))) {
				t.Error("another document")
			}
			check(t, b.Remove(ctx, "w"))
		})
	}
}

// A launcher whose session expires while it writes as hard as it can does not write after somebody took over.
func TestExpiredSessionCannotWriteAfterATakeover(t *testing.T) {
	srv, root := zktest.Shared(t)
	for round := range 5 {
		ctx := t.Context()
		chroot := fmt.Sprintf("%s/%d", root, round)
		proxy := zktest.Proxy(t, srv.Addr)
		s := zktest.Connect(t, session.Options{Servers: []string{proxy.Addr}, Chroot: chroot, Timeout: patient})
		a := must[*store.Store](t)(store.Open(ctx, s, store.Options{ID: "a"}))
		direct := zktest.Connect(t, session.Options{Servers: []string{srv.Addr}, Chroot: chroot})
		b := must[*store.Store](t)(store.Open(ctx, direct, store.Options{ID: "b"}))
		check(t, a.Put(ctx, "w", store.Document{}))
		var writers sync.WaitGroup
		var written atomic.Int64
		for i := range 4 {
			writers.Go(func() {
				for {
					d := store.Document{Files: map[string][]byte{"x": fmt.Appendf(nil, "%d %d", i, written.Add(1))}}
					err := a.Put(ctx, "w", d)
					if errors.Is(err, store.ErrLost) || errors.Is(err, session.ErrExpired) {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		for written.Load() < 50 {
			if _, err := b.Take(ctx, seen(t, b, "a"), "w"); !errors.Is(err, store.ErrAlive) {
				t.Fatalf("take from the living: %v", err)
			}
		}
		check(t, proxy.ExpireSession(ctx))
		taken := must[store.Document](t)(b.Take(ctx, seen(t, b, "a"), "w"))
		writers.Wait()
		if now := must[store.Document](t)(b.Get(ctx, "w")); !sameFiles(now, taken) {
			t.Errorf("round %d: taken %q, now %q", round, taken.Files, now.Files)
		}
		<-s.Done()
		if err := a.Close(ctx); err != nil {
			t.Errorf("close after the session: %v", err)
		}
	}
}

func TestTwoTakersRace(t *testing.T) {
	ctx := t.Context()
	dead := open(t, "dead")
	takers := []*store.Store{open(t, "b"), open(t, "c")}
	const rounds = 300
	for i := range rounds {
		check(t, dead.Put(ctx, fmt.Sprintf("w%03d", i), typical()))
	}
	check(t, dead.Close(ctx))
	wins := [2]int{}
	for i := range rounds {
		id := fmt.Sprintf("w%03d", i)
		var errs [2]error
		var wg sync.WaitGroup
		for n, st := range takers {
			wg.Go(func() { _, errs[n] = st.Take(ctx, seen(t, st, "dead"), id) })
		}
		wg.Wait()
		winner := slices.Index(errs[:], nil)
		if winner < 0 || !errors.Is(errs[1-winner], store.ErrLost) {
			t.Fatalf("round %d: %v", i, errs)
		}
		wins[winner]++
		if err := takers[winner].Put(ctx, id, typical()); err != nil {
			t.Errorf("the winner cannot write: %v", err)
		}
		if err := takers[1-winner].Put(ctx, id, typical()); !errors.Is(err, store.ErrLost) {
			t.Errorf("the loser could write: %v", err)
		}
	}
	t.Logf("wins %v", wins)
	for n, st := range takers {
		if own := must[[]string](t)(st.Own(ctx)); len(own) != wins[n] {
			t.Errorf("taker %d won %d and owns %d", n, wins[n], len(own))
		}
	}
	check(t, takers[0].Forget(ctx, "dead"))
	if others := must[[]store.Launcher](t)(takers[0].Others(ctx)); len(others) != 1 {
		t.Errorf("the dead launcher was not forgotten: %v", others)
	}
}

// A launcher that comes back while its workspaces are taken has each of them or has lost it.
func TestTakeWhileTheOwnerComesBack(t *testing.T) {
	ctx := t.Context()
	b := open(t, "b")
	for round := range 20 {
		a := open(t, "a")
		id := fmt.Sprintf("w%d", round)
		check(t, a.Put(ctx, id, typical()))
		check(t, a.Close(ctx))
		var back *store.Store
		var openErr, takeErr error
		var wg sync.WaitGroup
		s := zktest.Session(t)
		wg.Go(func() { back, openErr = store.Open(ctx, s, store.Options{ID: "a"}) })
		wg.Go(func() { _, takeErr = b.Take(ctx, seen(t, b, "a"), id) })
		wg.Wait()
		check(t, openErr)
		putErr := back.Put(ctx, id, typical())
		switch {
		case takeErr == nil && errors.Is(putErr, store.ErrLost):
		case errors.Is(takeErr, store.ErrAlive) && putErr == nil:
		default:
			t.Errorf("round %d: take %v, put %v", round, takeErr, putErr)
		}
	}
}

// A launcher that opens for the first time while others forget it.
func TestOpenWhileForgotten(t *testing.T) {
	ctx := t.Context()
	b := open(t, "b")
	for range 20 {
		s := zktest.Session(t)
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if err := b.Forget(ctx, "a"); err != nil {
						t.Error(err)
					}
				}
			}
		})
		a, err := store.Open(ctx, s, store.Options{ID: "a"})
		if err == nil {
			err = a.Put(ctx, "w", typical())
		}
		if err == nil {
			err = a.Remove(ctx, "w")
		}
		if err == nil {
			err = a.Close(ctx)
		}
		close(stop)
		wg.Wait()
		check(t, err)
	}
}

func TestTakeOfWhatCannotBeRead(t *testing.T) {
	ctx := t.Context()
	a, _ := openWith(t, store.Options{ID: "a", Key: key(t, "the first of all keys")})
	check(t, a.Put(ctx, "w", typical()))
	check(t, a.Close(ctx))
	for _, k := range []*store.Key{nil, key(t, "the second of all keys")} {
		b, _ := openWith(t, store.Options{ID: "b", Key: k})
		if _, err := b.Take(ctx, seen(t, b, "a"), "w"); !errors.Is(err, store.ErrKey) {
			t.Errorf("take: %v", err)
		}
		if left := must[[]string](t)(b.Of(ctx, "a")); len(left) != 1 {
			t.Error("moved all the same")
		}
	}
}

// The owner died before the first copy was complete, or an operator deleted the document.
func TestTakeOfNothingCleansUp(t *testing.T) {
	ctx := t.Context()
	a, s := openWith(t, store.Options{ID: "a"})
	b := open(t, "b")
	check(t, a.Put(ctx, "half", large(chunked)))
	check(t, a.Put(ctx, "gone", typical()))
	must[*zk.Stat](t)(s.Set(ctx, "/nodepool-tf/workspaces/half", nil, -1))
	check(t, s.DeleteAll(ctx, "/nodepool-tf/workspaces/gone"))
	for _, id := range []string{"half", "gone"} {
		if _, err := b.Get(ctx, id); !errors.Is(err, zk.ErrNoNode) {
			t.Errorf("get %s: %v", id, err)
		}
		if _, err := b.Take(ctx, seen(t, b, "a"), id); !errors.Is(err, store.ErrAlive) {
			t.Errorf("take %s from the living: %v", id, err)
		}
	}
	check(t, a.Close(ctx))
	for _, id := range []string{"half", "gone"} {
		if _, err := b.Take(ctx, seen(t, b, "a"), id); !errors.Is(err, store.ErrLost) {
			t.Errorf("take %s: %v", id, err)
		}
	}
	if names, _, err := s.Children(ctx, "/nodepool-tf/workspaces"); err != nil || len(names) > 0 {
		t.Errorf("left: %q %v", names, err)
	}
	check(t, b.Forget(ctx, "a"))
	if others := must[[]store.Launcher](t)(b.Others(ctx)); len(others) > 0 {
		t.Errorf("left: %v", others)
	}
}

func TestManyWorkspacesAreMoved(t *testing.T) {
	const fleet = 2000
	ctx := t.Context()
	a, b := open(t, "a"), open(t, "b")
	k := typical()
	var g errgroup.Group
	g.SetLimit(50)
	start := time.Now()
	for i := range fleet {
		g.Go(func() error { return a.Put(ctx, fmt.Sprintf("w%05d", i), k) })
	}
	check(t, g.Wait())
	t.Logf("%d put in %s", fleet, time.Since(start))
	check(t, a.Close(ctx))

	ids := must[[]string](t)(b.Of(ctx, "a"))
	if len(ids) != fleet {
		t.Fatalf("%d of %d are there", len(ids), fleet)
	}
	start = time.Now()
	for _, id := range ids[:fleet/2] {
		must[store.Document](t)(b.Take(ctx, seen(t, b, "a"), id))
	}
	t.Logf("%d taken one after the other in %s", fleet/2, time.Since(start))
	start = time.Now()
	for _, id := range ids[fleet/2:] {
		g.Go(func() error {
			d, err := b.Take(ctx, seen(t, b, "a"), id)
			if err == nil && !sameFiles(d, k) {
				err = errors.New("another document")
			}
			return err
		})
	}
	check(t, g.Wait())
	took := time.Since(start)
	t.Logf("%d taken, 50 at a time, in %s", fleet/2, took)
	if took > time.Minute {
		t.Errorf("%d took %s", fleet/2, took)
	}
	if own := must[[]string](t)(b.Own(ctx)); !slices.Equal(own, ids) {
		t.Errorf("owns %d", len(own))
	}
	check(t, b.Forget(ctx, "a"))
}

// The list of a large fleet is a larger packet than ZooKeeper takes from clients.
func TestOwnOfALargeFleet(t *testing.T) {
	const fleet = 25_000
	ctx := t.Context()
	a, s := openWith(t, store.Options{ID: "a"})
	for i := 0; i < fleet; i += 1000 {
		var ops []any
		for j := range 1000 {
			ops = append(ops, session.CreateOp(fmt.Sprintf("/nodepool-tf/launchers/a/workspaces/%s%06d", bytes.Repeat([]byte("w"), 50), i+j), nil, 0))
		}
		must[[]zk.MultiResponse](t)(s.Multi(ctx, ops...))
	}
	start := time.Now()
	own := must[[]string](t)(a.Own(ctx))
	t.Logf("listed in %s", time.Since(start))
	if len(own) != fleet {
		t.Errorf("owns %d", len(own))
	}
}
