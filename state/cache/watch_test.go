package cache

import "testing"

// A read arms its watch exactly when none is set.
func TestWatchIsArmedOnlyWhenItIsNotSet(t *testing.T) {
	var w watch
	step := func(what string, got, want bool) {
		t.Helper()
		if got != want {
			t.Errorf("%s: arms %v, want %v", what, got, want)
		}
	}
	step("first read", w.begin(), true)
	w.set()
	step("read without an event", w.begin(), false)
	w.fire()
	step("read after an event", w.begin(), true)
	w.fire() // it fired before the result of the read that armed it was handled
	w.set()
	step("read after an event during the read", w.begin(), true)
}
