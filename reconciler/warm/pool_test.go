package warm

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/templates"
)

const (
	aws     = "registry.opentofu.org/acme/cloud"
	local   = "registry.terraform.io/hashicorp/local"
	azurerm = "registry.terraform.io/hashicorp/azurerm"
)

// TestPool: pools with real plugins. Package workspace's tests are the ones with Terraform.
func TestPool(t *testing.T) {
	build(t)
	for name, test := range map[string]func(*testing.T){
		"long state directory":  longStateDirectory,
		"not to be shared":      notToBeShared,
		"closed in use":         closedInUse,
		"daemon killed":         daemonKilled,
		"killed while starting": killedWhileStarting,
		"idle":                  idleEnds,
		"forgotten":             forgottenEnds,
		"program collected":     programCollected,
		"grown":                 grownIsReplaced,
		"dies again and again":  diesAgainAndAgain,
	} {
		t.Run(name, test)
	}
}

// lease takes a lease that is let go of at the end of the test at the latest.
func lease(t *testing.T, p *Pool, dir string) *Lease {
	t.Helper()
	l := p.Lease(t.Context(), "base", dir)
	t.Cleanup(l.Release)
	return l
}

// longStateDirectory: the path of a unix socket has a bound.
func longStateDirectory(t *testing.T) {
	state := filepath.Join(t.TempDir(), strings.Repeat("d", 100))
	dir := folder(t, state, map[string]string{aws: plugin})
	p := open(t, state)
	l := lease(t, p, dir)
	if len(l.Plugins) != 1 || l.Cold != "" {
		t.Fatalf("%+v", l)
	}
	sockets := filepath.Dir(l.Plugins[0].Address)
	if info, err := os.Stat(sockets); err != nil || info.Mode().Perm() != 0o700 || strings.HasPrefix(sockets, state) {
		t.Errorf("sockets in %s: %v, %v", sockets, info, err)
	}
	l.Release()
	p.Close()
	if _, err := os.Stat(sockets); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", sockets, err)
	}
}

// notToBeShared: one provider that cannot be shared does not keep the others from it, unless it works on files, which the
// others may be given to read.
func notToBeShared(t *testing.T) {
	for address, c := range map[string]struct {
		why    Reason
		shared int
	}{azurerm: {Locks, 1}, local: {LocalFiles, 0}} {
		state := t.TempDir()
		dir := folder(t, state, map[string]string{aws: plugin, address: script(t, "exit 1")})
		p := open(t, state)
		p.Prepare("base", dir)
		l := lease(t, p, dir)
		if len(l.Plugins) != c.shared || l.Cold != c.why {
			t.Errorf("%s: %+v", address, l)
		}
		for _, a := range l.Plugins {
			if err := a.Ping(10 * time.Second); err != nil || a.Provider != aws {
				t.Error(a.Provider, err)
			}
		}
		if st := p.Stats(); st.Reattached != c.shared || st.Ordinary[c.why] != 1 || st.Starts != c.shared {
			t.Errorf("%s: %+v", address, st)
		}
	}
}

// closedInUse: what a run holds stays when the pool is closed, is given to nobody by the next, and ends with the run.
func closedInUse(t *testing.T) {
	state := t.TempDir()
	dir := folder(t, state, map[string]string{aws: plugin})
	p := open(t, state)
	first := lease(t, p, dir)
	p.Close()
	if err := first.Plugins[0].Ping(10 * time.Second); err != nil {
		t.Fatalf("the plugin of a run is gone: %v", err)
	}
	next := open(t, state)
	second := lease(t, next, dir)
	if second.Plugins[0].PID == first.Plugins[0].PID {
		t.Error("a plugin of an earlier daemon is used")
	}
	if st := next.Stats(); st.Retiring != 1 || st.Running != 1 {
		t.Errorf("%+v", st)
	}
	first.Release()
	eventually(t, "the old plugin has ended", func() bool { return next.Stats().Retiring == 0 })
	if err := first.Plugins[0].Ping(time.Second); err == nil {
		t.Error("the old plugin serves")
	}
}

// daemonKilled: the last run of a daemon that is gone ends also the plugins that were kept for others.
func daemonKilled(t *testing.T) {
	state := t.TempDir()
	dir := folder(t, state, map[string]string{aws: plugin})
	p := open(t, state)
	runs := []*Lease{lease(t, p, dir), lease(t, p, dir)}
	write(t, filepath.Join(dir, templates.ProvidersFile), `{"provider":{"cloud":{"token":"other"}}}`, 0o600)
	p.Prepare("base", dir)
	eventually(t, "both run", func() bool { return p.Stats().Running == 2 })
	p.stop() // nobody tends them any more
	p.wg.Wait()
	left := func() int {
		found, _ := os.ReadDir(storeOf(state))
		return len(found)
	}
	var workers []*Held
	for _, l := range runs {
		h, err := Hold(1<<20, l.Plugins) // no descriptor: none was inherited
		if err != nil {
			t.Fatal(err)
		}
		l.Release()
		workers = append(workers, h)
	}
	workers[0].End()
	EndUnused(state)
	if err := runs[1].Plugins[0].Ping(10 * time.Second); err != nil || left() != 1 {
		t.Errorf("%d plugins are left while one is in use, which says %v", left(), err)
	}
	workers[1].End()
	EndUnused(state)
	if n := left(); n != 0 {
		t.Errorf("%d plugins are left", n)
	}
}

// killedWhileStarting: a process whose daemon died before it had written down its pid is found by what it was given. A
// stranger with the pid of a record is left alone.
func killedWhileStarting(t *testing.T) {
	state := t.TempDir()
	orphan := filepath.Join(state, "plugins", "cloud-1")
	write(t, filepath.Join(orphan, recordFile), `{"provider":"p","sockets":"`+orphan+`/s","pid":0}`, 0o600)
	mine, other := exec.Command("sleep", "600"), exec.Command("sleep", "600")
	mine.Env = []string{socketsVar + "=" + orphan + "/s"}
	for _, c := range []*exec.Cmd{mine, other} {
		c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	}
	start, _ := beat(other.Process.Pid)
	stranger := &process{dir: filepath.Join(state, "plugins", "cloud-2")}
	stranger.record = record{Sockets: stranger.dir + "/s", PID: other.Process.Pid, Start: start}
	if err := os.MkdirAll(stranger.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := stranger.save(); err != nil {
		t.Fatal(err)
	}
	open(t, state)
	pid := mine.Process.Pid
	eventually(t, "the orphan is ended", func() bool { at, zombie := beat(pid); return zombie || at == 0 })
	eventually(t, "nothing is left", func() bool {
		left, err := os.ReadDir(filepath.Join(state, "plugins"))
		return err == nil && len(left) == 0
	})
	if !runs(other.Process.Pid, start) {
		t.Error("a stranger was killed")
	}
}

func idleEnds(t *testing.T) {
	state := t.TempDir()
	dir := folder(t, state, map[string]string{aws: plugin})
	p := open(t, state, func(o *Options) { o.Budget.Idle = time.Second })
	l := lease(t, p, dir)
	l.Release()
	eventually(t, "the idle plugin has ended", func() bool { s := p.Stats(); return s.Running+s.Retiring == 0 })
	if start, _ := beat(l.Plugins[0].PID); start != 0 {
		t.Error("the plugin that has ended was not waited for: it is a zombie")
	}
	p.Prepare("base", dir)
	eventually(t, "it runs again", func() bool { return p.Stats().Running == 1 })
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.entries {
		e.used = time.Now().Add(-time.Hour)
		if !p.tend(e) || e.current == nil {
			t.Error("one that was asked for ahead of time has ended")
		}
	}
}

// forgottenEnds: a plugin that was prepared for an earlier configuration goes when nobody uses it, the one of the
// configuration in force stays.
func forgottenEnds(t *testing.T) {
	state := t.TempDir()
	dir := folder(t, state, map[string]string{aws: plugin})
	p := open(t, state, func(o *Options) { o.Budget.Idle = time.Second })
	configure := func(token string) (prepared time.Time) {
		write(t, filepath.Join(dir, templates.ProvidersFile), `{"provider":{"cloud":{"token":"`+token+`"}}}`, 0o600)
		prepared = time.Now()
		p.Prepare("base", dir)
		return prepared
	}
	configure("old")
	inForce := configure("new")
	eventually(t, "both run", func() bool { return p.Stats().Running == 2 })
	p.Forget(inForce)
	eventually(t, "one is left", func() bool { s := p.Stats(); return s.Running == 1 && s.Retiring == 0 })
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.entries {
		e.used = time.Now().Add(-time.Hour)
		if e.prepared.Before(inForce) || !p.tend(e) {
			t.Error("it is not the one of the configuration in force")
		}
	}
}

// programCollected: the program of the sibling that asked first may be gone when it is started again: that of the one that
// asked last is there.
func programCollected(t *testing.T) {
	state, first, second := t.TempDir(), filepath.Join(t.TempDir(), "program"), filepath.Join(t.TempDir(), "program")
	for _, path := range []string{first, second} {
		if err := os.Link(plugin, path); err != nil {
			t.Fatal(err)
		}
	}
	p := open(t, state)
	l := p.Lease(t.Context(), "first", folder(t, state, map[string]string{aws: first}))
	l.Release()
	if err := os.Remove(first); err != nil {
		t.Fatal(err)
	}
	lease := func() *Lease {
		l := p.Lease(t.Context(), "second", folder(t, t.TempDir(), map[string]string{aws: second}))
		l.Release()
		return l
	}
	if again := lease(); len(l.Plugins) != 1 || len(again.Plugins) != 1 || again.Plugins[0].PID != l.Plugins[0].PID {
		t.Fatalf("%+v, then %+v", l, again)
	}
	p.Doubt(l.Plugins)
	eventually(t, "it is replaced", func() bool { return p.Stats().Replacements == 1 })
	if after := lease(); len(after.Plugins) != 1 || after.Plugins[0].PID == l.Plugins[0].PID {
		t.Errorf("%+v", after)
	}
}

func grownIsReplaced(t *testing.T) {
	state := t.TempDir()
	dir := folder(t, state, map[string]string{aws: plugin})
	p := open(t, state, func(o *Options) { o.Budget.Growth = 1 })
	l := lease(t, p, dir)
	p.mu.Lock()
	for _, e := range p.entries {
		e.current.first = rss(e.current.PID) - 1
	}
	p.mu.Unlock()
	eventually(t, "it is replaced", func() bool { return p.Stats().Replacements > 0 })
	if err := l.Plugins[0].Ping(10 * time.Second); err != nil {
		t.Errorf("the run's plugin was taken from it: %v", err)
	}
}

// diesAgainAndAgain: starting it over and over would cost more than it saves.
func diesAgainAndAgain(t *testing.T) {
	state := t.TempDir()
	dir := folder(t, state, map[string]string{aws: plugin})
	p := open(t, state)
	for range 2 {
		l := lease(t, p, dir)
		if len(l.Plugins) != 1 {
			t.Fatalf("%+v", l)
		}
		if err := syscall.Kill(l.Plugins[0].PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it is dead", func() bool { return l.Plugins[0].Ping(time.Second) != nil })
		l.Release()
		eventually(t, "its death is seen", func() bool { return p.Stats().Running == 0 })
	}
	if l := lease(t, p, dir); len(l.Plugins) != 0 || l.Cold != Failed {
		t.Errorf("%+v", l)
	}
	if st := p.Stats(); st.Starts != 2 || st.Deaths != 2 || st.Failures != 1 {
		t.Errorf("%+v", st)
	}
}
