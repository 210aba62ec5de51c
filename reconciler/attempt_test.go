package reconciler

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/setback"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

var allClasses = []execute.Class{execute.Quota, execute.Capacity, execute.Throttle, execute.Auth, execute.Config, execute.Timeout, execute.Killed, execute.Unknown}

func TestJudge(t *testing.T) {
	type f = failure
	for _, c := range []struct {
		name string
		f    failure
		want verdict
	}{
		{"quota", f{class: execute.Quota, attempt: 1, attempts: 3, wanted: true}, abort},
		{"quota on the last attempt", f{class: execute.Quota, attempt: 3, attempts: 3, wanted: true}, abort},
		{"quota for nobody", f{class: execute.Quota, attempt: 1, attempts: 3}, abort},
		{"capacity, another choice", f{class: execute.Capacity, attempt: 1, attempts: 3, choice: true, wanted: true}, another},
		{"capacity, another choice, the last attempt", f{class: execute.Capacity, attempt: 3, attempts: 3, choice: true, wanted: true}, another},
		{"capacity, no choice left", f{class: execute.Capacity, attempt: 1, attempts: 3, wanted: true}, again},
		{"capacity, no choice left, the last attempt", f{class: execute.Capacity, attempt: 3, attempts: 3, wanted: true}, fail},
		{"capacity for nobody", f{class: execute.Capacity, attempt: 1, attempts: 3, choice: true}, fail},
		{"throttled", f{class: execute.Throttle, attempt: 1, attempts: 3, throttled: 1, wanted: true}, later},
		{"throttled on the last attempt", f{class: execute.Throttle, attempt: 3, attempts: 3, throttled: 1, wanted: true}, later},
		{"throttled seven times", f{class: execute.Throttle, attempt: 1, attempts: 3, throttled: 7, wanted: true}, later},
		{"throttled eight times", f{class: execute.Throttle, attempt: 1, attempts: 3, throttled: 8, wanted: true}, fail},
		{"throttled for nobody", f{class: execute.Throttle, attempt: 1, attempts: 3, throttled: 1}, fail},
		{"auth", f{class: execute.Auth, attempt: 1, attempts: 3, stopped: true, wanted: true}, fail},
		{"auth, the label works", f{class: execute.Auth, attempt: 1, attempts: 3, wanted: true}, again},
		{"auth, the label works, the last attempt", f{class: execute.Auth, attempt: 3, attempts: 3, wanted: true}, fail},
		{"config", f{class: execute.Config, attempt: 1, attempts: 3, stopped: true, wanted: true}, fail},
		{"config, the label works", f{class: execute.Config, attempt: 1, attempts: 3, wanted: true}, fail},
		{"timeout", f{class: execute.Timeout, attempt: 1, attempts: 3, wanted: true}, again},
		{"timeout on the last attempt", f{class: execute.Timeout, attempt: 3, attempts: 3, wanted: true}, fail},
		{"killed", f{class: execute.Killed, attempt: 2, attempts: 3, wanted: true}, again},
		{"unknown", f{class: execute.Unknown, attempt: 2, attempts: 3, wanted: true}, again},
		{"unknown for nobody", f{class: execute.Unknown, attempt: 1, attempts: 3}, fail},
		{"after a restart the number may be beyond the bound", f{class: execute.Unknown, attempt: 5, attempts: 3, wanted: true}, fail},
	} {
		if got := judge(c.f); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	for _, c := range allClasses {
		if policy(c) == "" {
			t.Errorf("class %s has no policy", c)
		}
	}
}

func TestThrottleWait(t *testing.T) {
	var got []string
	for n := 1; n <= mostThrottled; n++ {
		got = append(got, throttleWait(n, 1).String())
	}
	if diff := cmp.Diff("5s 10s 20s 40s 1m0s 1m0s 1m0s 1m0s", strings.Join(got, " ")); diff != "" {
		t.Error(diff)
	}
	if d := throttleWait(3, 0.25); d != 5*time.Second {
		t.Error(d)
	}
	if d := throttleWait(1<<30, 0); d != 0 {
		t.Error(d)
	}
}

// aLoop can follow failures, and nothing else.
func aLoop(log *bytes.Buffer) *loop {
	return &loop{l: &Launcher{setbacks: setback.New(func() float64 { return 0 })}, cfg: &config.Config{}, log: slog.New(slog.NewTextHandler(log, nil))}
}

func aLaunch(retries, alternatives int) *launch {
	p := &config.Provider{Name: "p", LaunchRetries: retries}
	l := &config.PoolLabel{Name: "vm", Pool: &config.Pool{Name: "main", Provider: p}, Spec: &modules.Spec{}, Alternatives: make([]*modules.Spec, alternatives)}
	return &launch{label: l, node: &lockedNode{Node: &record.Node{ID: "0000000001", Provider: "p", Pool: "main"}}, attempt: 1, tries: newTries(1), began: time.Now()}
}

// failing is an attempt that began now and failed with a class.
func (lp *loop) failing(la *launch, c execute.Class) (verdict, string) {
	pool := la.label.Pool // configured as it was when the launch began
	pool.Labels, pool.Provider.Pools = map[string]*config.PoolLabel{la.label.Name: la.label}, []*config.Pool{pool}
	lp.cfg.Providers = []*config.Provider{pool.Provider}
	la.began = time.Now()
	if la.choice == setback.Unknown {
		lp.pick(la)
	}
	la.reason = errors.New("because")
	return lp.follow(la, failure{class: c, attempt: la.counted, attempts: attempts(la.label), wanted: true})
}

// TestLaunchesEnd: whatever an unlucky launch meets, it ends, and not before its time.
func TestLaunchesEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var log bytes.Buffer
		lp, la := aLoop(&log), aLaunch(rapid.IntRange(1, 4).Draw(t, "launch-retries"), rapid.IntRange(0, 3).Draw(t, "alternatives"))
		if rapid.Bool().Draw(t, "works") {
			lp.l.setbacks.Succeeded(la.label, 0, la.began, la.began)
		}
		if rapid.Bool().Draw(t, "resumed") {
			la.tries = newTries(rapid.IntRange(1, 6).Draw(t, "attempt"))
		}
		first := la.counted
		counted := map[execute.Class]int{}
		// Between counted attempts each choice may fail once; throttled ones have their own bound.
		bound := max(1, attempts(la.label)-first+1)*la.label.Choices() + mostThrottled
		for n := 1; ; n++ {
			if n > bound {
				t.Fatalf("attempt %d of a launch with %d retries and %d choices: %v", n, attempts(la.label), la.label.Choices(), counted)
			}
			c := rapid.SampledFrom(allClasses).Draw(t, "class")
			counted[c]++
			before := la.tries
			v, next := lp.failing(la, c)
			if next == "" {
				t.Fatalf("class %s, verdict %s: nothing said", c, v)
			}
			if v == abort || v == fail {
				early := c == execute.Quota || c == execute.Config || c == execute.Auth && lp.l.setbacks.Label(la.label, time.Now()).Hold == setback.Held || c == execute.Throttle && counted[c] == mostThrottled
				if !early && before.counted < attempts(la.label) {
					t.Fatalf("class %s ends the launch with attempt %d of %d", c, before.counted, attempts(la.label))
				}
				return
			}
			if v == later && (la.wait < 0 || la.wait > lastThrottle || la.choice != before.choice && before.choice != setback.Unknown) {
				t.Fatalf("after being throttled: %+v, was %+v", la.tries, before)
			}
			la.wait = 0
		}
	})
}

// TestChoicesInTurn: own choice, alternatives in order, then the one that is free again first, as the next attempt.
func TestChoicesInTurn(t *testing.T) {
	var log bytes.Buffer
	lp, la := aLoop(&log), aLaunch(2, 2)
	var got []string
	for range 4 {
		v, next := lp.failing(la, execute.Capacity)
		got = append(got, string(v)+": "+next)
	}
	want := []string{"another: choice 2/3 at once", "another: choice 3/3 at once", "again: attempt 2", "fail: the node fails"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// Another launch of the label leaves out what is marked.
	lp, la = aLoop(&log), aLaunch(2, 2)
	lp.l.setbacks.NoCapacity(la.label, 0, time.Now(), time.Now())
	if lp.pick(la); la.choice != 1 {
		t.Errorf("choice %d", la.choice)
	}
	if v, next := lp.failing(la, execute.Capacity); v != another || next != "choice 3/3 at once" {
		t.Errorf("%s %s", v, next)
	}
}

// TestStopSaysWhatToDo: at error level, once, with the credentials' names and without any value.
func TestStopSaysWhatToDo(t *testing.T) {
	var log bytes.Buffer
	lp, la := aLoop(&log), aLaunch(3, 0)
	la.label.Spec.RequiredProviders = map[string]modules.RequiredProvider{"hcloud": {Source: "hetznercloud/hcloud"}, "openstack": {}, "odd": {Source: "x/odd"}}
	la.label.Spec.ProviderConfig = map[string]any{"hcloud": map[string]any{"token": "s3cr3t"}}
	began := time.Now().Add(-time.Second)
	if v, next := lp.failing(la, execute.Auth); v != fail || next != "the node fails" {
		t.Errorf("%s %s", v, next)
	}
	la.began = began // another that was under way
	if v, _ := lp.follow(la, failure{class: execute.Auth, attempt: 1, attempts: 3, wanted: true}); v != fail {
		t.Error(v)
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
		t.Errorf("said %d times", n)
	}
	for _, want := range []string{"label is stopped", "label=vm", "class=auth", "tried_again_in=1m0s", "provider-config of provider p", "HCLOUD_TOKEN, OS_CLOUD", "started again"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, log.String())
		}
	}
	if strings.Contains(log.String(), "s3cr3t") {
		t.Error("a secret is in the log")
	}
	if a := advice(execute.Config, la.label); !strings.Contains(a, "inputs") || !strings.Contains(a, "label vm in pool main of provider p") {
		t.Error(a)
	}
}

// TestFailureOfAnotherConfiguration: what was begun under a configuration that is gone tells nothing of the one in force,
// neither that the label is broken nor that the cloud has no room, and is tried again.
func TestFailureOfAnotherConfiguration(t *testing.T) {
	var log bytes.Buffer
	for _, c := range []execute.Class{execute.Config, execute.Auth, execute.Quota, execute.Capacity} {
		lp, la := aLoop(&log), aLaunch(2, 0)
		la.choice = 0
		v, _ := lp.follow(la, failure{class: c, attempt: 1, attempts: 2, wanted: true})
		now := time.Now()
		_, exhausted := lp.l.setbacks.Exhausted(la.label, now)
		if v != again || exhausted || lp.l.setbacks.Label(la.label, now).Hold != setback.Free || lp.l.setbacks.Quota(setback.Pool{Provider: "p", Pool: "main"}, now).Hold != setback.Free {
			t.Errorf("%s: %s", c, v)
		}
	}
}

// TestAwayWait: waits grow and have an end, and the next attempt asks a module's registry anew.
func TestAwayWait(t *testing.T) {
	if least := awayWait(1, 0); least <= execute.FailedFor {
		t.Errorf("the next attempt may come after %s, when the last one's answer stands for %s", least, execute.FailedFor)
	}
	for counted, want := range map[int][2]time.Duration{1: {2500 * time.Millisecond, 5 * time.Second}, 2: {7500 * time.Millisecond, 15 * time.Second}, 9: {30 * time.Second, time.Minute}} {
		if least, most := awayWait(counted, 0), awayWait(counted, 1); least != want[0] || most != want[1] {
			t.Errorf("after %d attempts: %s to %s, want %s", counted, least, most, want)
		}
	}
}
