package workspace

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/state/store"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

// TestTakenButNotWritten: a workspace that was taken over and could not be written is ours, and is tried again.
func TestTakenButNotWritten(t *testing.T) {
	t.Parallel()
	b := newBench(t, kept)
	chroot := chrootOf(t)
	st, end := lease(t, chroot, "one")
	d := store.Document{Provider: "cloud", Base: "abc", Files: map[string][]byte{recordFile: []byte(halfRecord), execute.StateFile: []byte(halfState)}}
	if err := st.Put(t.Context(), "w-1", d); err != nil {
		t.Fatal(err)
	}
	end()
	st, _ = lease(t, chroot, "two")
	b.attach(st)
	d, err := st.Take(t.Context(), gone(t, st), "w-1")
	if err != nil {
		t.Fatal(err)
	}
	inTheWay := filepath.Join(b.m.folder(), "w-1")
	write(t, filepath.Join(inTheWay, "file"), "")
	if _, err := b.m.TakeIn("w-1", d); err == nil || b.m.Holds("1") {
		t.Fatalf("taken in: %v", err)
	}
	if !b.m.Missing() || b.m.Stats().Absent["w-1"] == "" {
		t.Error("nothing is said to be missing")
	}
	if err := os.RemoveAll(inTheWay); err != nil {
		t.Fatal(err)
	}
	b.eventually("it is taken in", func() bool { b.m.Tick(); return b.m.Holds("1") && !b.m.Missing() })
}

// TestPointerWithoutACopy: a workspace of ours that is neither here nor in ZooKeeper is not looked for again and again.
func TestPointerWithoutACopy(t *testing.T) {
	t.Parallel()
	b := newBench(t, kept)
	chroot := chrootOf(t)
	st, _ := lease(t, chroot, "one")
	if err := st.Put(t.Context(), "w-1", store.Document{}); err != nil {
		t.Fatal(err)
	}
	srv, _ := zktest.Shared(t)
	s := zktest.Connect(t, session.Options{Servers: []string{srv.Addr}, Chroot: chroot})
	if err := s.DeleteAll(t.Context(), "/nodepool-tf/workspaces/w-1"); err != nil {
		t.Fatal(err)
	}
	b.attach(st)
	b.eventually("it is forgotten", func() bool {
		own, err := st.Own(t.Context())
		return err == nil && len(own) == 0 && !b.m.Missing()
	})
}
