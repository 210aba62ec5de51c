package modules

import (
	"math"
	"testing"
)

func TestKeyCountsWhatInitDependsOn(t *testing.T) {
	base := func() *Spec {
		return &Spec{
			RequiredProviders: map[string]RequiredProvider{"a": {"x/a", "1"}, "b": {}},
			ProviderConfig:    map[string]any{"a": map[string]any{"token": "t", "n": int64(1)}},
			Module:            Module{Source: "./server", Base: "/etc/nodepool"},
		}
	}
	key := base().Key()
	if len(key) != 64 || key != base().Key() {
		t.Error("not a stable key:", key)
	}
	same := base()
	same.Inputs = map[string]Input{"x": {}}
	same.Outputs = map[string]Expr{"az": {}}
	same.Module = Module{Source: "../nodepool/server", Base: "/etc/other"}
	if same.Key() != key {
		t.Error("inputs, outputs or the way a module is written count")
	}
	for name, change := range map[string]func(*Spec){
		"version":  func(s *Spec) { s.RequiredProviders["a"] = RequiredProvider{"x/a", "2"} },
		"provider": func(s *Spec) { delete(s.RequiredProviders, "b") },
		"config":   func(s *Spec) { s.ProviderConfig["a"].(map[string]any)["token"] = "u" },
		"odd":      func(s *Spec) { s.ProviderConfig["a"] = math.NaN() },
		"source":   func(s *Spec) { s.Module.Source = "./other" },
		"base":     func(s *Spec) { s.Module.Base = "/etc/other" },
		"module":   func(s *Spec) { s.Module.Version = "1" },
	} {
		s := base()
		change(s)
		if s.Key() == key {
			t.Errorf("%s does not count", name)
		}
	}
}

func TestModuleLocal(t *testing.T) {
	for source, want := range map[string]string{
		"./server": "/etc/np/server", "../m/x": "/etc/m/x", "/opt/m/": "/opt/m", "./": "/etc/np",
		"a/b/c": "", "server": "", "git::file:///x": "", "https://x/y.zip": "", "": "", ".hidden": "",
	} {
		dir, ok := Module{Source: source, Base: "/etc/np"}.Local()
		if dir != want || ok != (want != "") {
			t.Errorf("%q: %q %v, want %q", source, dir, ok, want)
		}
	}
}
