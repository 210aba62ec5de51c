package workspace

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// states is a server for Terraform's http backend that does what a test tells it.
type states struct {
	url string

	mu     sync.Mutex
	held   map[string][]byte
	pushes int
	locks  int
	fail   int           // status of every answer, 0 for none
	refuse bool          // writes are answered 403
	gate   chan struct{} // writes wait until it is closed
}

func newStates(t *testing.T) *states {
	t.Helper()
	s := &states{held: map[string][]byte{}}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s
}

func (s *states) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	fail, refuse, gate := s.fail, s.refuse, s.gate
	s.mu.Unlock()
	if user, pass, _ := r.BasicAuth(); user != "nodepool" || pass != secret {
		fail = http.StatusUnauthorized
	}
	if r.Method == http.MethodPost && gate != nil {
		<-gate
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case fail != 0:
		w.WriteHeader(fail)
	case r.Method == http.MethodGet && s.held[r.URL.Path] == nil:
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodGet:
		_, _ = w.Write(s.held[r.URL.Path])
	case r.Method == http.MethodPost && refuse:
		w.WriteHeader(http.StatusForbidden)
	case r.Method == http.MethodPost:
		s.held[r.URL.Path] = body
		s.pushes++
	default: // LOCK, UNLOCK: somebody who was killed holds it
		s.locks++
		w.WriteHeader(http.StatusLocked)
	}
}

func (s *states) set(do func(*states)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do(s)
}

// all gives what is held, together.
func (s *states) all() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, data := range s.held {
		b.Write(data)
	}
	return b.String()
}

func (s *states) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pushes
}

const (
	secret  = `top${secret}`
	keyText = "a key for the copies of the workspaces"
)

func backendOf(t *testing.T, kind string, settings map[string]any) *modules.Backend {
	t.Helper()
	b, err := modules.ParseBackend(kind, settings, "backend")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// backend keeps the states with the server.
func (s *states) backend(t *testing.T) func(*Options) {
	b := backendOf(t, "http", map[string]any{
		"address": s.url + "/${workspace.id}", "lock_address": s.url + "/${workspace.id}", "unlock_address": s.url + "/${workspace.id}",
		"username": "nodepool", "password": "top$${secret}", "retry_max": 0,
	})
	return func(o *Options) { o.Keep, o.Backend = true, b }
}

// TestBackend: a node is told once its state is in the backend, of which its document says no more than where it is; a
// lock that somebody left there is in nobody's way; with the workspace what it held goes.
func TestBackend(t *testing.T) {
	t.Parallel()
	srv := newStates(t)
	b := newBench(t, srv.backend(t), oneRun)
	st, _ := lease(t, chrootOf(t), "one")
	b.attach(st)
	var mu sync.Mutex
	late := []string{}
	b.m.SetNotify(func(o Outcome) {
		if held := srv.all(); o.Kind == Created && !strings.Contains(held, `"`+b.hand+`/`+o.Node+`"`) {
			mu.Lock()
			late = append(late, o.Node)
			mu.Unlock()
		}
		b.hear(o)
	})
	b.batch(b.order("1"), b.order("2"), b.order("3"))
	b.created("1", "2", "3")
	b.eventually("the copy says that no run is under way", func() bool { return b.copyOf(st, "1").Run == nil })
	mu.Lock()
	if len(late) > 0 {
		t.Errorf("told before they were pushed: %v", late)
	}
	mu.Unlock()
	d := b.copyOf(st, "1")
	var w where
	if err := json.Unmarshal(d.Files[whereName], &w); err != nil || d.Backend != "http" || d.Files[execute.StateFile] != nil || w.Block != nil || w.Lineage == "" || w.Digest == "" || w.Serial == 0 || d.Serial != w.Serial {
		t.Errorf("the document says %+v of the state, %v", w, err)
	}
	from := Backends{Own: b.opts.Backend, Exec: b.opts.Engine.Path, Dir: t.TempDir(), Log: b.opts.Log}
	loaded, err := from.load(t.Context(), filepath.Base(b.folderOf("1")), d)
	if err != nil {
		t.Fatal(err)
	}
	if view, err := execute.ParseState(loaded.Files[execute.StateFile]); err != nil || view.Serial != w.Serial || view.Lineage != w.Lineage || view.Results["n3"].Value == nil {
		t.Errorf("read back %+v %v", view, err)
	}
	if n := srv.count(); n > 12 { // two workspaces: seeds, and of the batch as many as it took while others were under way
		t.Errorf("%d pushes for 4 nodes", n)
	}
	b.restart(func() {})
	n := srv.count()
	b.attach(st)
	b.eventually("all is looked at", func() bool { return b.settled() })
	if got := srv.count(); got != n {
		t.Errorf("%d pushes after a restart, nothing had changed", got-n)
	}
	b.destroy("first", "1", "2", "3")
	b.gone()
	if held := srv.all(); strings.Contains(held, b.hand) {
		t.Errorf("the backend still holds %s", held)
	}
	if srv.locks > 0 {
		t.Errorf("%d locks were asked for", srv.locks)
	}
	if strings.Contains(b.log.String(), secret) {
		t.Error("the log tells the password")
	}
}

// settled reports whether nobody is at work.
func (b *bench) settled() bool {
	b.m.mu.Lock()
	defer b.m.mu.Unlock()
	for _, ws := range b.m.workspaces {
		if ws.busy || ws.unkept {
			return false
		}
	}
	return true
}

// TestBackendDown: while the backend fails, or refuses writes, what is made is not handed over and nothing new is begun;
// nothing is lost by it.
func TestBackendDown(t *testing.T) {
	t.Parallel()
	for name, breaks := range map[string]func(*states){
		"fails":   func(s *states) { s.fail = http.StatusInternalServerError },
		"refuses": func(s *states) { s.refuse = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newStates(t)
			b := newBench(t, srv.backend(t))
			st, _ := lease(t, chrootOf(t), "one")
			b.attach(st)
			b.launch("0")
			b.created("0")
			b.say("1", "hold")
			b.launch("1")
			b.made("1")
			srv.set(breaks)
			b.unsay("1", "hold")
			b.eventually("the run ends", func() bool { return b.m.Stats().Creating == 0 })
			if o, _ := b.m.State("1"); o.Kind != Applying {
				t.Errorf("without a copy the node is %s", o.Kind)
			}
			b.launch("2")
			b.eventually("it is said why nothing goes on", func() bool { return strings.Contains(b.log.String(), "no new nodes are created") })
			b.m.Tick()
			if o, _ := b.m.State("2"); o.Kind != Queued || b.times("2") > 0 {
				t.Errorf("with a backend that fails a node is %s", o.Kind)
			}
			if strings.Contains(b.kinds("1"), string(Created)) {
				t.Errorf("told %s without a copy", b.kinds("1"))
			}
			srv.set(func(s *states) { s.fail, s.refuse = 0, false })
			b.created("1", "2") // after all
			for _, n := range []string{"1", "2"} {
				if b.times(n) != 1 || !strings.Contains(srv.all(), `"`+b.hand+`/`+n+`"`) {
					t.Errorf("node %s was made %d times; pushed: %s", n, b.times(n), srv.all())
				}
			}
			b.destroy("0", "1", "2")
			b.gone()
		})
	}
}

// TestBackendTakeOver: another launcher takes over from the backend what a lost host had, also where it has the backend
// configured otherwise or not at all, which an encrypted document allows; a copy older than it should be is not taken.
func TestBackendTakeOver(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]func(*testing.T, *states) func(*Options){
		"the same backend": func(t *testing.T, s *states) func(*Options) { return s.backend(t) },
		"zookeeper":        func(*testing.T, *states) func(*Options) { return kept },
		"another place": func(t *testing.T, _ *states) func(*Options) {
			other := backendOf(t, "local", map[string]any{"path": filepath.Join(t.TempDir(), "${workspace.id}.tfstate")})
			return func(o *Options) { o.Keep, o.Backend = true, other }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newStates(t)
			b := newBench(t, srv.backend(t))
			chroot := chrootOf(t)
			st, end := lease(t, chroot, "one", keyText)
			b.attach(st)
			b.launch("1")
			b.created("1")
			b.eventually("all is written", func() bool { return b.copyOf(st, "1").Run == nil })
			b.say("2", "hold")
			b.launch("2")
			b.made("2")
			b.eventually("its place is pushed", func() bool { return strings.Contains(srv.all(), b.hand+"/2") })
			b.m.Detach()
			b.m.Close() // the worker of 2 goes on
			end()

			other := newBench(t, second(t, srv))
			other.hand = b.hand
			st2, _ := lease(t, chroot, "two", keyText)
			other.attach(st2)
			srv.set(func(s *states) { s.fail = http.StatusServiceUnavailable })
			ids, err := st2.Of(t.Context(), "one")
			if err != nil || len(ids) != 2 {
				t.Fatal(ids, err)
			}
			d, err := st2.Get(t.Context(), ids[0])
			if err != nil {
				t.Fatal(err)
			}
			if _, err := other.m.LoadState(t.Context(), ids[0], d); err == nil || strings.Contains(err.Error(), secret) {
				t.Errorf("a state was loaded from a backend that fails: %v", err)
			}
			srv.set(func(s *states) { s.fail = 0 })
			for _, id := range ids {
				d, err := st2.Take(t.Context(), gone(t, st2), id)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := other.m.TakeIn(id, d); err != nil {
					t.Fatal(err)
				}
			}
			if o, ok := other.m.State("2"); !ok || o.Kind != Failed || o.Class() != execute.Killed {
				t.Errorf("the node whose run was lost is %+v", o)
			}
			b.unsay("2", "hold")
			b.eventually("the lost host's worker ends", func() bool { return exists(b.file("2", "made")) && execute.Vacant(b.folderOf("2")) == nil })
			other.eventually("all is copied again", other.settled)
			if o, ok := other.m.State("1"); !ok || o.Kind != Created {
				t.Errorf("the node that was complete is %+v", o)
			}
			if d := other.copyOf(st2, "1"); name == "zookeeper" && (d.Backend != "" || d.Files[execute.StateFile] == nil) || name == "another place" && d.Backend != "local" {
				t.Errorf("the next copy went to %q", d.Backend)
			}
			other.destroy("1", "2")
			other.gone()
		})
	}
}

// TestBackendLostDisk: a launcher that comes back without its disk restores from the backend, and takes nothing that is
// older than what was pushed.
func TestBackendLostDisk(t *testing.T) {
	t.Parallel()
	srv := newStates(t)
	b := newBench(t, srv.backend(t))
	st, _ := lease(t, chrootOf(t), "one")
	b.attach(st)
	b.launch("1")
	b.created("1")
	b.eventually("all is written", func() bool { return b.copyOf(st, "1").Run == nil })
	d := b.copyOf(st, "1")
	id := filepath.Base(b.folders()[0])
	whole := srv.held["/"+id]
	for what, held := range map[string][]byte{
		"nothing":  nil,
		"older":    bytes.Replace(whole, serialOf(t, whole), []byte(`"serial": 1,`), 1),
		"another":  bytes.Replace(whole, []byte(`"lineage": "`), []byte(`"lineage": "x`), 1),
		"nonsense": []byte(`{"version": 4`),
	} {
		srv.set(func(s *states) { s.held["/"+id] = held })
		if got, err := b.m.LoadState(t.Context(), id, d); err == nil {
			t.Errorf("%s was taken for the state: %s", what, got.Files[execute.StateFile])
		}
	}
	srv.set(func(s *states) { s.held["/"+id] = whole })
	b.restart(func() {
		if err := os.RemoveAll(b.folders()[0]); err != nil {
			t.Fatal(err)
		}
	})
	b.attach(st)
	b.eventually("it is restored", func() bool { o, ok := b.m.State("1"); return ok && o.Kind == Created })
	b.destroy("1")
	b.gone()
}

func serialOf(t *testing.T, state []byte) []byte {
	t.Helper()
	_, rest, ok := bytes.Cut(state, []byte(`"serial": `))
	n, _, _ := bytes.Cut(rest, []byte(","))
	if !ok {
		t.Fatalf("no serial in %s", state)
	}
	return []byte(`"serial": ` + string(n) + ",")
}

// TestBackendOlderWriter: what a launcher that has lost its lease still pushes is refused, or written over by who has it.
func TestBackendOlderWriter(t *testing.T) {
	t.Parallel()
	srv := newStates(t)
	b := newBench(t, srv.backend(t))
	st, _ := lease(t, chrootOf(t), "one")
	b.attach(st)
	b.launch("1")
	b.created("1")
	b.eventually("all is written", func() bool { return b.copyOf(st, "1").Run == nil && b.settled() })
	b.m.mu.Lock()
	ws := b.m.byNode["1"][0].ws
	b.m.mu.Unlock()
	state, view, _ := execute.NewestState(ws.dir)
	p, err := b.m.placeOf(ws)
	if err != nil {
		t.Fatal(err)
	}
	older := bytes.Replace(state, serialOf(t, state), []byte(`"serial": 1,`), 1)
	if err := p.Push(t.Context(), older, false); err == nil {
		t.Error("an older state was pushed over a newer one")
	}
	stray := bytes.Replace(state, serialOf(t, state), []byte(`"serial": 1000,`), 1)
	stray = bytes.Replace(stray, []byte(b.hand+"/1"), []byte("stray"), 1)
	if err := p.Push(t.Context(), stray, false); err != nil {
		t.Fatal(err)
	}
	ws.place.pushed = &where{Lineage: view.Lineage, Serial: view.Serial - 1}
	if err := b.m.keep(ws, nil); err != nil {
		t.Errorf("whoever holds the lease cannot push: %v", err)
	}
	if held := srv.all(); strings.Contains(held, "stray") || !strings.Contains(held, b.hand+"/1") {
		t.Errorf("held %s", held)
	}
	if data, err := os.ReadFile(filepath.Join(p.Dir, strayFile)); err != nil || !bytes.Contains(data, []byte("stray")) {
		t.Errorf("what was written over is not kept: %v", err)
	}
	// A state directory from a backup: what was pushed from here is not written over.
	rolled := bytes.Replace(older, []byte(b.hand+"/1"), []byte("rolled"), 1)
	if err := execute.WriteState(ws.dir, rolled); err != nil {
		t.Fatal(err)
	}
	if err := b.m.keep(ws, nil); err == nil || !strings.Contains(err.Error(), "restored from a backup") {
		t.Errorf("an older state than was pushed from here: %v", err)
	}
	if err := execute.WriteState(ws.dir, state); err != nil {
		t.Fatal(err)
	}
	if held := srv.all(); strings.Contains(held, "rolled") {
		t.Errorf("held %s", held)
	}
	b.destroy("1")
	b.gone()
}

// TestBackendSlow: what completes while a push is under way shares the next one.
func TestBackendSlow(t *testing.T) {
	t.Parallel()
	srv := newStates(t)
	b := newBench(t, srv.backend(t), oneRun)
	st, _ := lease(t, chrootOf(t), "one")
	b.attach(st)
	nodes := []string{"1", "2", "3", "4", "5", "6"}
	var orders []Order
	for _, n := range nodes {
		b.say(n, "hold")
		orders = append(orders, b.order(n))
	}
	b.batch(orders...)
	for _, n := range nodes {
		b.eventually(n+" is being made", func() bool { return exists(b.file(n, "waiting")) })
	}
	gate := make(chan struct{})
	before := srv.count()
	srv.set(func(s *states) { s.gate = gate })
	for _, n := range nodes {
		b.unsay(n, "hold")
	}
	b.eventually("the run ends", func() bool {
		_, err := os.Stat(filepath.Join(b.folderOf("1"), "run", "result.json"))
		return err == nil
	})
	for _, n := range nodes {
		if o, _ := b.m.State(n); o.Kind != Applying {
			t.Errorf("node %s is %s before its state is pushed", n, o.Kind)
		}
	}
	close(gate)
	b.created(nodes...)
	if n := srv.count() - before; n > 4 {
		t.Errorf("%d pushes for %d nodes", n, len(nodes))
	}
	b.destroy(append(nodes, "first")...)
	b.gone()
}

// TestBackendSwitched: an installation goes from ZooKeeper to a backend and back with its nodes.
func TestBackendSwitched(t *testing.T) {
	t.Parallel()
	srv := newStates(t)
	b := newBench(t, kept)
	st, _ := lease(t, chrootOf(t), "one")
	b.attach(st)
	b.launch("1")
	b.created("1")
	for _, where := range []string{"http", "", "http"} {
		b.eventually("all is copied", b.settled)
		b.restart(func() {
			if b.opts.Backend = nil; where != "" {
				srv.backend(t)(&b.opts)
			}
		})
		b.attach(st)
		b.eventually("all is copied again", b.settled)
		d := b.copyOf(st, "1")
		if d.Backend != where || (d.Files[execute.StateFile] == nil) != (where != "") || where != "" && !strings.Contains(srv.all(), b.hand+"/1") {
			t.Errorf("with backend %q the document says %q", where, d.Backend)
		}
	}
	b.destroy("1")
	b.gone()
	if held := srv.all(); strings.Contains(held, b.hand) {
		t.Errorf("the backend still holds %s", held)
	}
}
