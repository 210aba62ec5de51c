package reconciler

import (
	"fmt"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/reconciler/sweep"
)

// TestLeaksGo: what the newest list does not show has been removed, whoever did it; a resource that comes back counts once.
func TestLeaksGo(t *testing.T) {
	var l leaks
	leak := func(typ, id string) sweep.Leak { return sweep.Leak{Resource: sweep.Resource{Type: typ, ID: id}} }
	want := func(text string) {
		t.Helper()
		if got := fmt.Sprint(l.count(func(p string) bool { return p != "gone" })); got != text {
			t.Errorf("%s, not %s", got, text)
		}
	}
	l.removed("a", leak("vm", "1").Key())
	want("[]")
	l.see("a", []sweep.Leak{leak("vm", "1"), leak("vm", "2"), leak("disk", "1")})
	l.see("b", []sweep.Leak{leak("vm", "1")})
	l.see("gone", []sweep.Leak{leak("vm", "1")})
	want("[{a disk 1} {a vm 2} {b vm 1}]")
	l.removed("a", leak("vm", "1").Key())
	l.removed("a", leak("vm", "1").Key())
	want("[{a disk 1} {a vm 1} {b vm 1}]")
	l.see("a", nil) // by an operator, or another launcher
	want("[{a disk 0} {a vm 0} {b vm 1}]")
	l.see("a", []sweep.Leak{leak("vm", "2")})
	want("[{a disk 0} {a vm 1} {b vm 1}]")
}
