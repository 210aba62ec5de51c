package main

import (
	"maps"
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	v := make([]float64, 100)
	for i := range v {
		v[i] = float64(100 - i)
	}
	if p := percentile(v); p.P50 != 51 || p.P90 != 91 || p.P99 != 100 || p.Max != 100 || p.N != 100 {
		t.Errorf("%+v", p)
	}
	if v[0] != 100 {
		t.Error("the series was changed")
	}
	if p := percentile(nil); p != (percentiles{}) {
		t.Errorf("of nothing: %+v", p)
	}
}

func TestParseLine(t *testing.T) {
	got := parseLine(`time=2026-01-02T03:04:05.678Z level=INFO msg="request state" labels=[vm] err="a \"b\" = c" last=1`)
	want := logLine{"time": "2026-01-02T03:04:05.678Z", "level": "INFO", "msg": "request state", "labels": "[vm]", "err": `a \"b\" = c`, "last": "1"}
	if !maps.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if got.time().Nanosecond() != 678_000_000 {
		t.Errorf("time %v", got.time())
	}
}

// What a process and its children used is counted, whether they live, have ended, or were left behind by their parent.
func TestGroups(t *testing.T) {
	for _, g := range []group{newGroup(), newTree()} {
		t.Run(g.kind(), func(t *testing.T) {
			defer g.close()
			// The shell waits until it is a member. It then works itself, through a child that it waits for, and through
			// one that outlives it, but not before both are seen.
			busy := "n=0; while [ $n -lt 150000 ]; do n=$((n+1)); done"
			cmd := exec.Command("sh", "-c", "read go; "+busy+"; sh -c '"+busy+"'; sh -c '"+busy+"; echo done; read more' <&3 & read go")
			in, err := cmd.StdinPipe()
			check(t, err)
			out, err := cmd.StdoutPipe()
			check(t, err)
			hold, release, err := os.Pipe()
			check(t, err)
			cmd.ExtraFiles = []*os.File{hold} // the orphan's input
			check(t, cmd.Start())
			check(t, g.add(cmd.Process.Pid))
			_, err = in.Write([]byte("go\n"))
			check(t, err)
			_, err = out.Read(make([]byte, 10)) // the orphan has worked
			check(t, err)
			both := g.pids()
			with := g.cpu()
			_, err = in.Write([]byte("go\n"))
			check(t, err)
			check(t, cmd.Wait())
			left := g.pids()
			check(t, release.Close())
			for len(g.pids()) > 0 {
				time.Sleep(time.Millisecond)
			}
			after := g.cpu()
			waited := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			t.Logf("%v in all; the shell and the child it waited for %v", after, waited)
			if len(both) != 2 || len(left) != 1 {
				t.Errorf("members %v, then %v", both, left)
			}
			if after+2*tick < with || after < waited+waited/5 || after > 3*waited {
				t.Errorf("%v with the orphan, %v after its end; without the orphan %v, of which half is what it did", with, after, waited)
			}
		})
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestBudgets(t *testing.T) {
	r := &report{
		Idle:  &idle{Ratio: 1.4, GoneMS: percentiles{P50: 90, P99: 600}},
		Burst: &burst{Requests: 500, PerSecond: 59, CPUms: 60},
		Fleet: &fleet{Sizes: []fleetSize{{Nodes: 1000, Ratio: 9}, {Nodes: 10_000, Ratio: 1.1, PeakMiB: 144}}, Restart: &restart{}},
	}
	r.Budgets = r.budgets()
	if len(r.Budgets) != 8 || r.unmet() != 3 { // gone p99, burst, 144 MiB are 151 MB
		for _, b := range r.Budgets {
			t.Log(b)
		}
		t.Errorf("%d budgets, %d not met", len(r.Budgets), r.unmet())
	}
	if (&report{}).budgets() != nil {
		t.Error("budgets of nothing")
	}
}
