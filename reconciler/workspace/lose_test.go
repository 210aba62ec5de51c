package workspace

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/state/store"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

// A run under way, as its copy and its folder have it: of its nodes one is complete, and may be in use.
const (
	halfRecord = `{"id":"w-1","provider":"cloud","base":"abc","slots":{
	"n1":{"node":"1","attempt":1,"label":"small","created":false},"n2":{"node":"2","attempt":1,"created":false},"n3":{"node":"3","attempt":1,"created":false}}}`
	halfState = `{"version":4,"terraform_version":"1.11.4","serial":7,"lineage":"l","outputs":{},"resources":[
	{"module":"module.n1","mode":"managed","type":"terraform_data","name":"vm","instances":[{"attributes":{"id":"a"}}]},
	{"module":"module.n2","mode":"managed","type":"terraform_data","name":"place","instances":[{"attributes":{"id":"b"}}]},
	{"mode":"managed","type":"terraform_data","name":"n1","instances":[{"attributes":{"id":"c","output":{"value":{"id":"a","interface_ip":"127.0.0.1"},"type":["object",{"id":"string","interface_ip":"string"}]}}}]}]}`
	olderState = `{"version":4,"terraform_version":"1.11.4","serial":6,"lineage":"l","outputs":{},"resources":[]}`
	createJobs = `{"id":"x","kind":"create","slots":["n1","n2","n3"]}`
)

// half is the copy of that run.
func half() store.Document {
	return store.Document{Provider: "cloud", Base: "abc", Run: &store.Run{Kind: "create"}, Files: map[string][]byte{
		recordFile: []byte(halfRecord), execute.StateFile: []byte(halfState), providersName: []byte(`["cloud"]`),
		"n1.tf": []byte("module \"n1\" {\n}\n"), "n2.tf": []byte("module \"n2\" {\n}\n"), "n3.tf": []byte("module \"n3\" {\n}\n"),
	}}
}

// judged checks that the complete node is created and the others have failed.
func (b *bench) judged() {
	b.t.Helper()
	if o, ok := b.m.State("1"); !ok || o.Kind != Created || o.Fields.InterfaceIP != "127.0.0.1" {
		b.t.Errorf("the node that is complete is %+v", o)
	}
	for _, n := range []string{"2", "3"} {
		if o, ok := b.m.State(n); !ok || o.Kind != Failed || o.Class() != execute.Killed {
			b.t.Errorf("node %s is %+v", n, o)
		}
	}
	if strings.Contains(b.log.String(), "kind=destroy") {
		b.t.Error("something is destroyed that nobody has given back")
	}
}

// TestLostInMidRun: whatever is left of a run, a node that its state holds complete is no node that was never begun.
func TestLostInMidRun(t *testing.T) {
	t.Parallel()
	for name, left := range map[string]func(t *testing.T, b *bench){
		"its taker is killed before it settles": func(t *testing.T, b *bench) {
			if _, err := b.m.TakeIn("w-1", half()); err != nil { // a manager that is closed settles nothing
				t.Fatal(err)
			}
		},
		"its end was not recorded": func(t *testing.T, b *bench) {
			write(t, filepath.Join(b.m.folder(), "w-1", recordFile), halfRecord)
			write(t, filepath.Join(b.m.folder(), "w-1", execute.StateFile), halfState)
		},
		"and a refresh came after it": func(t *testing.T, b *bench) {
			write(t, filepath.Join(b.m.folder(), "w-1", recordFile), halfRecord)
			write(t, filepath.Join(b.m.folder(), "w-1", execute.StateFile), halfState)
			write(t, filepath.Join(b.m.folder(), "w-1", "run", "job.json"), `{"id":"x","kind":"refresh"}`)
			write(t, filepath.Join(b.m.folder(), "w-1", "run", "result.json"), `{"id":"x"}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.m.Close()
			left(t, b)
			suspects := b.m.Suspects()
			b.open()
			b.eventually("it is settled", b.settled)
			b.judged()
			if suspects = append(suspects, b.m.Suspects()...); len(suspects) != 1 {
				t.Errorf("suspects %v", suspects)
			}
		})
	}
}

// TestPowerLost: what was written in the last seconds comes back empty, short or not at all. The launcher starts, what the
// copy has that the folder has not is taken from there, and the copy is never made poorer.
func TestPowerLost(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"empty files":          {"run/job.json": "", execute.StateFile: "", "n1.tf": "", "n2.tf": "module", "n3.tf": "", templates.ProvidersFile: ""},
		"no run":               {execute.StateFile: ""},
		"torn state":           {"run/job.json": createJobs, execute.StateFile: halfState[:200], "n1.tf": ""},
		"an older state":       {"run/job.json": createJobs, execute.StateFile: olderState},
		"an older one beside":  {"run/job.json": createJobs, execute.StateFile: "", execute.StateFile + ".good": olderState},
		"state never written":  {"run/job.json": createJobs},
		"the newest is beside": {"run/job.json": createJobs, execute.StateFile: "", execute.StateFile + ".good": strings.Replace(halfState, `"serial":7`, `"serial":8`, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, kept, func(o *Options) {
				o.ProviderConfig = func(string) map[string]any { return map[string]any{"cloud": map[string]any{"token": "x"}} }
			})
			st, _ := lease(t, chrootOf(t), "one")
			if err := st.Put(t.Context(), "w-1", half()); err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(b.dir, "workspaces", "w-1")
			b.restart(func() {
				write(t, filepath.Join(dir, recordFile), halfRecord)
				for path, text := range files {
					write(t, filepath.Join(dir, path), text)
				}
			})
			b.attach(st)
			b.eventually("it is settled", b.settled)
			b.judged()
			d := b.copyOf(st, "1")
			if view, err := execute.ParseState(d.Files[execute.StateFile]); err != nil || view.Results["n1"].Value == nil || view.Serial < 7 {
				t.Errorf("the copy's state is %+v, %v", view, err)
			}
			if d.Run != nil {
				t.Error("the copy says that a run is under way")
			}
			for file := range files {
				want, block := half().Files[file]
				if data, err := readBlock(dir, strings.TrimSuffix(file, ".tf")); block && file != execute.StateFile && (err != nil || string(data) != string(want) || string(d.Files[file]) != string(want)) {
					t.Errorf("block %s is %q here and %q in the copy, %v", file, data, d.Files[file], err)
				}
			}
			if _, ok := files[templates.ProvidersFile]; ok && (string(d.Files[providersName]) != `["cloud"]` || !exists(filepath.Join(dir, templates.ProvidersFile))) {
				t.Errorf("providers of the copy: %s", d.Files[providersName])
			}
		})
	}
}

// TestStateBeyondReach: while a copy cannot be read nobody says of a killed run's nodes that there is nothing of them.
func TestStateBeyondReach(t *testing.T) {
	t.Parallel()
	b := newBench(t, kept)
	chroot := chrootOf(t)
	st, end := lease(t, chroot, "one", keyText)
	if err := st.Put(t.Context(), "w-1", half()); err != nil {
		t.Fatal(err)
	}
	end()
	b.restart(func() {
		write(t, filepath.Join(b.dir, "workspaces", "w-1", recordFile), halfRecord)
		write(t, filepath.Join(b.dir, "workspaces", "w-1", "run", "job.json"), createJobs)
		write(t, filepath.Join(b.dir, "workspaces", "w-1", execute.StateFile), "")
	})
	other, end := lease(t, chroot, "one", "not the key of those copies")
	b.attach(other)
	b.eventually("it is said", func() bool { return strings.Contains(b.log.String(), "cannot be taken from the workspace's copy") })
	b.m.Destroy("1")
	b.m.Tick()
	if got := b.kinds("1"); got != "" || b.m.Stats().Creating != 0 {
		t.Errorf("told %q, and %+v", got, b.m.Stats())
	}
	b.m.Detach()
	end()
	st, _ = lease(t, chroot, "one", keyText)
	b.attach(st)
	b.eventually("it is restored", func() bool { return strings.Contains(b.log.String(), fromCopy) })
	b.m.Destroy("1")
	b.eventually("a destroy is tried", func() bool { b.m.Tick(); return strings.Contains(b.kinds("1"), string(DestroyFailed)) })
}

// TestStateInNoCopy: of a state that is lost it is told whether its copy has none or cannot be read, and the copy stays.
func TestStateInNoCopy(t *testing.T) {
	t.Parallel()
	for want, secret := range map[string]string{"no copy of it is left": keyText, "its copy cannot be read": "not the key of those copies"} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, kept)
			chroot := chrootOf(t)
			st, end := lease(t, chroot, "one", keyText)
			d := half()
			d.Run = nil
			delete(d.Files, execute.StateFile)
			if err := st.Put(t.Context(), "w-1", d); err != nil {
				t.Fatal(err)
			}
			end()
			b.restart(func() {
				write(t, filepath.Join(b.dir, "workspaces", "w-1", recordFile), strings.ReplaceAll(halfRecord, `"created":false`, `"created":true,"made":true`))
			})
			st, end = lease(t, chroot, "one", secret)
			b.attach(st)
			b.eventually("it is told", func() bool { return strings.Contains(b.log.String(), want) })
			b.m.Detach()
			end()
			st, _ = lease(t, chroot, "one", keyText)
			if _, err := st.Get(t.Context(), "w-1"); err != nil {
				t.Errorf("the copy was written over: %v", err)
			}
		})
	}
}

// TestRefreshesThatEnded: of ten thousand idle workspaces the last run was a refresh. Only those whose end nobody has
// seen are taken up.
func TestRefreshesThatEnded(t *testing.T) {
	t.Parallel()
	ran := make(chan string, 10)
	b := newBench(t, func(o *Options) {
		o.Ran = func(provider string, k execute.Kind, _ bool, _ time.Duration) { ran <- provider + " " + string(k) }
	})
	b.restart(func() {
		for _, id := range []string{"ended", "killed"} {
			dir := filepath.Join(b.dir, "workspaces", id)
			write(t, filepath.Join(dir, recordFile), `{"id":"`+id+`","provider":"`+id+`","base":"abc","slots":{"n`+id+`":{"node":"`+id+`","attempt":1,"created":true}}}`)
			write(t, filepath.Join(dir, execute.StateFile), olderState)
			write(t, filepath.Join(dir, "run", "job.json"), `{"id":"x","kind":"refresh"}`)
			if id == "ended" {
				write(t, filepath.Join(dir, "run", "result.json"), `{"id":"x"}`)
			}
		}
	})
	if got := <-ran; got != "killed refresh" {
		t.Errorf("taken up: %s", got)
	}
	b.eventually("all is settled", b.settled)
	if len(ran) > 0 {
		t.Errorf("taken up: %s", <-ran)
	}
}
