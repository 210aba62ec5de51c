package workspace

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/state/store"
	"github.com/nodepool-tf/nodepool-tf/templates"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

func kept(o *Options) { o.Keep = true }

// lease opens a session and the store of a launcher in it. end closes both as a crash would: without a word.
func lease(t *testing.T, chroot, id string, secret ...string) (st *store.Store, end func()) {
	t.Helper()
	srv, _ := zktest.Shared(t)
	s, err := session.Connect(t.Context(), session.Options{Servers: []string{srv.Addr}, Chroot: chroot})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	var key *store.Key
	for _, text := range secret {
		if key, err = store.NewKey(text, nil); err != nil {
			t.Fatal(err)
		}
	}
	st, err = store.Open(t.Context(), s, store.Options{ID: id, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	return st, s.Close
}

// gone is the other launcher that st knows.
func gone(t *testing.T, st *store.Store) store.Launcher {
	t.Helper()
	others, err := st.Others(t.Context())
	if err != nil || len(others) != 1 || others[0].Alive {
		t.Fatal(others, err)
	}
	return others[0]
}

func (b *bench) attach(st *store.Store) {
	b.t.Helper()
	own, err := st.Own(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	b.m.Attach(st, own, b.taken)
}

// copyOf is the copy of the workspace that a node is in.
func (b *bench) copyOf(st *store.Store, node string) store.Document {
	b.t.Helper()
	b.m.mu.Lock()
	id := b.m.byNode[node][0].ws.rec.ID
	b.m.mu.Unlock()
	d, err := st.Get(context.Background(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	return d
}

func chrootOf(t *testing.T) string {
	t.Helper()
	_, chroot := zktest.Shared(t)
	return chroot
}

// TestKept: no run starts before the workspace can be copied; a node is told when the copy holds it; the copy goes with
// the workspace.
func TestKept(t *testing.T) {
	b := newBench(t, kept)
	st, _ := lease(t, chrootOf(t), "one")
	b.launch("1")
	time.Sleep(200 * time.Millisecond)
	b.m.Tick()
	if len(b.folders()) > 0 {
		t.Fatal("a run was begun without a keeper")
	}
	b.say("1", "hold")
	b.attach(st)
	b.made("1")
	b.eventually("the state is copied while the run goes on", func() bool { return b.copyOf(st, "1").Files[execute.StateFile] != nil })
	if d := b.copyOf(st, "1"); d.Run == nil || d.Run.Kind != "create" || d.Run.Within <= 0 || d.Provider != "cloud" || d.Files["n1.tf"] == nil || d.Files[recordFile] == nil {
		t.Errorf("copy %+v", d)
	}
	told := make(chan store.Document, 1)
	b.m.SetNotify(func(o Outcome) {
		if o.Kind == Created {
			go func() { told <- b.copyOf(st, "1") }()
		}
		b.hear(o)
	})
	b.unsay("1", "hold")
	b.created("1")
	if view, err := execute.ParseState((<-told).Files[execute.StateFile]); err != nil || view.Results["n1"].Value == nil {
		t.Errorf("the copy lacks the node when it is told: %+v %v", view, err)
	}
	b.eventually("the copy says that no run is under way", func() bool { return b.copyOf(st, "1").Run == nil })
	b.destroy("1")
	b.gone()
	if own, err := st.Own(t.Context()); err != nil || len(own) > 0 {
		t.Errorf("copies are left: %v %v", own, err)
	}
}

// TestSessionLostInMidRun: a node that completes between two sessions is told once the second one has its copy.
func TestSessionLostInMidRun(t *testing.T) {
	b := newBench(t, kept)
	chroot := chrootOf(t)
	st, end := lease(t, chroot, "one")
	b.attach(st)
	b.say("1", "hold")
	b.launch("1")
	b.made("1")
	b.m.Detach()
	end()
	b.unsay("1", "hold")
	b.eventually("the run ends", func() bool { return b.m.Stats().Creating == 0 })
	if o, _ := b.m.State("1"); o.Kind != Applying {
		t.Errorf("without a copy the node is %s", o.Kind)
	}
	st, _ = lease(t, chroot, "one")
	b.attach(st)
	b.eventually("the node is told after all", func() bool { o, _ := b.m.State("1"); return o.Kind == Created })
	if view, err := execute.ParseState(b.copyOf(st, "1").Files[execute.StateFile]); err != nil || view.Results["n1"].Value == nil {
		t.Errorf("copy: %+v %v", view, err)
	}
	b.destroy("1")
	b.gone()
}

// TestTakeOver: what a launcher left in the middle of things is another's to destroy, modules and all; the first one
// forgets it when it comes back, but not what it made meanwhile.
func TestTakeOver(t *testing.T) {
	b := newBench(t, kept, func(o *Options) { o.Batch = 3 })
	chroot := chrootOf(t)
	st, end := lease(t, chroot, "one")
	b.attach(st)
	b.launch("1", "2")
	b.created("1", "2")
	b.say("3", "hold")
	b.launch("3")
	b.made("3")
	b.eventually("its place is copied", func() bool { return b.copyOf(st, "3").Files[execute.StateFile] != nil })
	b.m.Detach()
	b.m.Close() // the worker of 3 goes on
	end()

	other := newBench(t, kept)
	other.hand = b.hand
	st2, _ := lease(t, chroot, "two")
	other.attach(st2)
	ids, err := st2.Of(t.Context(), "one")
	if err != nil || len(ids) == 0 {
		t.Fatal(ids, err)
	}
	for _, id := range ids {
		d, err := st2.Take(t.Context(), gone(t, st2), id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.m.TakeIn(id, d); err != nil {
			t.Fatal(err)
		}
	}
	if o, ok := other.m.State("3"); !ok || o.Kind != Failed || o.Class() != execute.Killed {
		t.Errorf("the node whose run was lost is %+v", o)
	}
	// A daemon that was killed while it made one of them ready for Terraform, and a disk that was full then.
	write(t, filepath.Join(other.folderOf("1"), templates.MainFile), "terraform {\n}\n")
	write(t, filepath.Join(other.folderOf("3"), templates.ManifestFile), "")
	b.unsay("3", "hold") // the lost host's worker ends
	b.eventually("it ends", func() bool {
		return exists(b.file("3", "made")) && len(b.folders()) > 0 && execute.Vacant(b.folderOf("3")) == nil
	})
	other.destroy("1", "2", "3")
	other.gone()

	b.taken = true
	b.open()
	st, _ = lease(t, chroot, "one")
	b.attach(st)
	b.eventually("the first one forgets", func() bool { return len(b.m.Nodes()) == 0 && len(b.folders()) == 0 })
	// Node 3 was completed when nobody could be told.
	kept, err := filepath.Glob(filepath.Join(b.opts.Dir, lostFolder, "*"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept are %v, %v", kept, err)
	}
	if state, err := os.ReadFile(kept[0]); err != nil || !strings.Contains(string(state), b.hand+"/3") {
		t.Errorf("kept is %s, %v", state, err)
	}
	if log := b.log.String(); !strings.Contains(log, "does not know of them") || !strings.Contains(log, "module.n3.") || len(b.m.Suspects()) != 1 {
		t.Error("what is not in the copy is not told")
	}
	for _, n := range []string{"1", "2", "3"} {
		if !b.m.Taken(n) {
			t.Errorf("node %s is not known as another's", n)
		}
	}
	b.m.ForgetTaken(func(string) bool { return true })
	if b.m.Taken("1") {
		t.Error("what is gone is remembered")
	}
}

func (b *bench) folderOf(node string) string {
	for _, f := range b.folders() {
		if exists(filepath.Join(f, "n"+node+".tf")) {
			return f
		}
	}
	return ""
}

// TestStateRestoredFromTheCopy: a state that is lost with all copies beside it comes back from ZooKeeper.
func TestStateRestoredFromTheCopy(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"lost":  os.Remove,
		"empty": func(path string) error { return os.Truncate(path, 0) },
		"torn":  func(path string) error { return os.Truncate(path, 100) },
		"power": func(path string) (err error) { // what is not synced is empty
			for _, name := range []string{execute.StateFile, "main.tf", "n1.tf", templates.ManifestFile} {
				err = errors.Join(err, os.Truncate(filepath.Join(filepath.Dir(path), name), 0))
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, kept)
			st, _ := lease(t, chrootOf(t), "one")
			b.attach(st)
			b.launch("1")
			b.created("1")
			b.eventually("all is written", func() bool { return b.copyOf(st, "1").Run == nil })
			dir := b.folders()[0]
			for _, beside := range []string{".good", ".backup"} {
				_ = os.Remove(filepath.Join(dir, execute.StateFile+beside))
			}
			if err := spoil(filepath.Join(dir, execute.StateFile)); err != nil {
				t.Fatal(err)
			}
			b.destroy("1")
			b.gone()
			if !strings.Contains(b.log.String(), "its copy") {
				t.Error("nothing is said of the restored state")
			}
		})
	}
}

// TestHostileCopies: a copy may say anything, and nothing is written outside the workspaces.
func TestHostileCopies(t *testing.T) {
	b := newBench(t)
	whole := `{"id":"w-1","provider":"cloud","base":"abc","slots":{"n1":{"node":"1","attempt":1}}}`
	for name, d := range map[string]store.Document{
		"no record":     {Files: map[string][]byte{}},
		"not a record":  {Files: map[string][]byte{recordFile: []byte("{")}},
		"another's":     {Files: map[string][]byte{recordFile: []byte(strings.Replace(whole, "w-1", "w-2", 1))}},
		"slot names":    {Files: map[string][]byte{recordFile: []byte(strings.Replace(whole, `"n1"`, `"../../n1"`, 1))}},
		"providers":     {Files: map[string][]byte{recordFile: []byte(whole), providersName: []byte("7")}},
		"provider name": {Files: map[string][]byte{recordFile: []byte(whole), providersName: []byte(`["a b"]`)}},
	} {
		if _, err := b.m.TakeIn("w-1", d); err == nil {
			t.Errorf("%s: taken in", name)
		}
	}
	if _, err := b.m.TakeIn("../w-1", store.Document{Files: map[string][]byte{recordFile: []byte(strings.Replace(whole, "w-1", "../w-1", 1))}}); err == nil {
		t.Error("a workspace outside the folder")
	}
	if names := b.folders(); len(names) > 0 {
		t.Errorf("left: %v", names)
	}
}
