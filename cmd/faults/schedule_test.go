package main

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

// The same plan gives the same events, and another seed others.
func TestScheduleIsPure(t *testing.T) {
	for seed := range uint64(50) {
		p := plan{Seed: seed, For: 10 * time.Minute, Launchers: 2, Python: true}
		if !reflect.DeepEqual(schedule(p), schedule(p)) {
			t.Fatalf("seed %d gives two schedules", seed)
		}
		if other := (plan{Seed: seed + 1, For: 10 * time.Minute, Launchers: 2, Python: true}); reflect.DeepEqual(schedule(p), schedule(other)) {
			t.Errorf("seeds %d and %d give one schedule", seed, seed+1)
		}
	}
}

// Leaving out a kind of fault moves no other: that is how a failing seed is narrowed down.
func TestScheduleWithout(t *testing.T) {
	p := plan{Seed: 7, For: 10 * time.Minute, Launchers: 2, Python: true}
	all := schedule(p)
	for _, name := range opNames() {
		p.Without = []string{name}
		want := slices.DeleteFunc(slices.Clone(all), func(e Event) bool { return e.name() == name })
		if len(want) == len(all) && name != string(HostLost) {
			t.Logf("seed %d has no %s", p.Seed, name)
		}
		if got := schedule(p); !reflect.DeepEqual(got, want) {
			t.Errorf("without %s: %d events, want %d", name, len(got), len(want))
		}
	}
}

// Every event ends in time, every kind turns up, and a lane is at fault in one way at a time.
func TestScheduleBounds(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(30) {
		for _, p := range []plan{{Seed: seed, For: 10 * time.Minute, Launchers: 2, Python: true}, {Seed: seed, For: time.Minute, Launchers: 1, Dense: true}} {
			for _, l := range lanes {
				over := time.Duration(0)
				for _, e := range l.events(p) {
					if e.At < over || e.At+e.For > p.For {
						t.Fatalf("seed %d: %s begins before %s or ends after %s", seed, e, over, p.For)
					}
					over = e.At + e.For
				}
			}
			for _, e := range schedule(p) {
				seen[e.name()]++
				if e.Op == HostLost && p.Launchers < 2 || e.Launcher >= p.Launchers {
					t.Errorf("seed %d: %s with %d launcher(s)", seed, e, p.Launchers)
				}
			}
		}
	}
	for _, name := range opNames() {
		if seen[name] == 0 {
			t.Errorf("%s never happens", name)
		}
	}
}
