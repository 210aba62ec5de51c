package workspace

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// refusing is a keeper that takes nothing while it is told so.
type refusing struct {
	*store.Store
	no   atomic.Bool
	puts atomic.Int32
}

func (k *refusing) Put(ctx context.Context, id string, d store.Document) error {
	k.puts.Add(1)
	if k.no.Load() {
		return errors.New("it is too large")
	}
	return k.Store.Put(ctx, id, d)
}

// later gives the orders that wait until they are due, and makes them so.
func (b *bench) later(due bool) (nodes []string) {
	b.m.mu.Lock()
	defer b.m.mu.Unlock()
	for _, it := range b.m.later {
		nodes = append(nodes, it.Node)
		if due {
			it.due = time.Time{}
		}
	}
	return nodes
}

// TestCopyRefused: an order whose workspace cannot be copied waits before it goes out again, longer each time, and is no
// attempt; it can be cancelled meanwhile.
func TestCopyRefused(t *testing.T) {
	b := newBench(t, kept)
	st, _ := lease(t, chrootOf(t), "one")
	k := &refusing{Store: st}
	k.no.Store(true)
	b.m.Attach(k, nil, false)
	b.launch("1")
	for try := range 3 {
		b.eventually("the order waits", func() bool { return len(b.later(false)) == 1 && len(b.folders()) == 0 })
		b.m.mu.Lock()
		if it := b.m.later[0]; it.unkept != try+1 || !it.due.After(time.Now()) {
			t.Errorf("try %d: %d, due %v", try, it.unkept, it.due)
		}
		b.m.mu.Unlock()
		if n := int(k.puts.Load()); n != try+1 {
			t.Errorf("%d copies after %d tries", n, try+1)
		}
		b.later(true)
		b.m.Tick()
	}
	b.launch("2")
	b.eventually("both wait", func() bool { return len(b.later(false)) == 2 && len(b.folders()) == 0 })
	if !b.m.Cancel("2") {
		t.Error("an order that waits cannot be cancelled")
	}
	k.no.Store(false)
	b.later(true)
	b.created("1")
	if b.m.Holds("2") || b.times("2") > 0 || len(b.later(false)) > 0 {
		t.Error("the order that was cancelled lives")
	}
	b.destroy("1")
	b.gone()
}

// TestRunsWriteIntoTheirModule: what runs leave in the frozen module keeps no node from being destroyed; what no other
// launcher could destroy is not begun.
func TestRunsWriteIntoTheirModule(t *testing.T) {
	b := newBench(t, kept)
	chroot := chrootOf(t)
	st, end := lease(t, chroot, "one")
	b.attach(st)
	b.launch("1", "2")
	b.created("1", "2")
	frozen, _ := filepath.Glob(filepath.Join(b.dir, "modules", "*"))
	if len(frozen) != 1 {
		t.Fatal(frozen)
	}
	if err := syscall.Mkfifo(filepath.Join(frozen[0], "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(frozen[0], "image"), "")
	if err := os.Truncate(filepath.Join(frozen[0], "image"), 65<<20); err != nil {
		t.Fatal(err)
	}
	again := func(secret ...string) {
		b.m.Detach()
		end()
		st, end = lease(t, chroot, "one", secret...)
		b.attach(st)
	}
	const unshared = "could not be destroyed by another launcher"
	again()
	b.destroy("1")
	if strings.Contains(b.log.String(), unshared) {
		t.Error("a module that is kept is packed again")
	}
	again("another secret, so that it is written anew")
	b.launch("3")
	if o := b.wait("3", Failed, Created); !strings.Contains(o.Err.Error(), "holds more than 64 MiB") {
		t.Error(o.Err)
	}
	b.destroy("2", "3")
	if !strings.Contains(b.log.String(), unshared) {
		t.Error("it is not said that another launcher could not destroy them")
	}
	b.gone()
}

// asking is a keeper that counts how often it was asked for something.
type asking struct {
	*store.Store
	asked atomic.Int32
}

func (k *asking) HasBlob(ctx context.Context, kind, name string) (bool, error) {
	k.asked.Add(1)
	return k.Store.HasBlob(ctx, kind, name)
}

// TestSharedAskedAgain: whoever writes a document has asked within a day for what it names.
func TestSharedAskedAgain(t *testing.T) {
	b := newBench(t, kept)
	st, _ := lease(t, chrootOf(t), "one")
	k := &asking{Store: st}
	b.m.Attach(k, nil, false)
	b.launch("1")
	b.created("1")
	first := k.asked.Load()
	b.launch("2")
	b.created("2")
	if n := k.asked.Load(); n != first {
		t.Errorf("asked %d times, then %d", first, n)
	}
	b.m.mu.Lock()
	for base, s := range b.m.shared {
		if s.again = s.again.Add(-SharedFor); time.Until(s.again) > 0 {
			t.Errorf("%s is taken to be there for longer than a day", base)
		}
		b.m.shared[base] = s
	}
	b.m.mu.Unlock()
	b.launch("3")
	b.created("3")
	if n := k.asked.Load(); n != 2*first {
		t.Errorf("asked %d times, a day later %d", first, n)
	}
	b.destroy("1", "2", "3")
	b.gone()
}
