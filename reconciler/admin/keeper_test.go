package admin

import (
	"strings"
	"testing"
)

func TestKeeper(t *testing.T) {
	for _, c := range []struct {
		k      Keeper
		served bool
		says   string
	}{
		{Keeper{Provider: "p", Owner: "np1", Alive: true}, true, "the launcher on np1 destroys it"},
		{Keeper{Provider: "p", Owner: "np1", Others: []string{"np2"}}, true, "np2 takes its workspace over"},
		{Keeper{Provider: "p", Owner: "np1", Serving: []string{"py"}}, false, "`nodepool-tf launcher` on np1"}, // Python cannot reach the workspace
		{Keeper{Provider: "p", Serving: []string{"py"}}, true, "(py) destroys it"},
		{Keeper{Provider: "p\x1b[2J"}, false, `no launcher that serves provider "p\x1b[2J" is running`},
	} {
		if got := c.k.String(); c.k.Served() != c.served || !strings.Contains(got, c.says) || strings.Contains(got, "\x1b") {
			t.Errorf("%+v: served %v, %q", c.k, c.k.Served(), got)
		}
	}
}

func TestErasedWarning(t *testing.T) {
	e := Erased{Nodes: []string{"1", "2"}, Uploads: 3, Serving: []string{"np1", "py"}, Left: []Left{
		{Host: "np1", Alive: true, Workspaces: []string{"a", "b", "c", "d", "e", "f", "g"}}, {Host: "np2", Workspaces: []string{"h"}},
	}}
	got := e.Warning("p")
	for _, want := range []string{"2 nodes and 3 image uploads", "cannot be undone", "7 Terraform workspaces of the launcher on np1", "a, b, c, d, e and 2 more", "after two looks a minute apart", "on np2", "it is not running", "still served, by the launcher on np1, py"} {
		if !strings.Contains(got, want) {
			t.Errorf("it does not say %q:\n%s", want, got)
		}
	}
}
