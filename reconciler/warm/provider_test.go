package warm

import (
	"path/filepath"
	"testing"
)

func TestAliases(t *testing.T) {
	for config, want := range map[string]bool{
		``:                                      false,
		`{"provider":{"a":{}}}`:                 false,
		`{"provider":{"a":[{"x":1}],"b":{}}}`:   false,
		`{"provider":{"a":[{},{"alias":"w"}]}}`: true,
		`{"provider":{"a":{"alias":"w"}}}`:      true,
		`{"provider":{"a":[{"alias":"w"}]}}`:    true,
	} {
		if got, err := aliases([]byte(config)); got != want || err != nil {
			t.Errorf("%s: %v, %v", config, got, err)
		}
	}
	if _, err := aliases([]byte(`{"provider":{"a":7}}`)); err == nil {
		t.Error("what is no configuration is taken for one")
	}
}

func TestConfigures(t *testing.T) {
	for name, c := range map[string]struct {
		file, text string
		want       bool
	}{
		"resources only":   {"main.tf", `resource "x_y" "z" { provider = x.other }`, false},
		"a block":          {"main.tf", "provider \"x\" {\n  region = \"r\"\n}", true},
		"a block in JSON":  {"more.tf.json", `{"provider":{"x":{}}}`, true},
		"OpenTofu's names": {"more.tofu", `provider "x" {}`, true},
		"another file":     {"readme.md", `provider "x" {}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			state := t.TempDir()
			dir := folder(t, state, nil)
			write(t, filepath.Join(state, "modules", "m", c.file), c.text, 0o600)
			if got, err := ConfiguresProvider(dir); got != c.want || err != nil {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

func TestProvidersIn(t *testing.T) {
	state := t.TempDir()
	program := script(t, "exit 0")
	dir := folder(t, state, map[string]string{aws: program})
	lock := `
provider "` + aws + `" {
  version     = "1.2.3"
  constraints = "~> 1.0"
  hashes = [
    "h1:abc",
  ]
}`
	found, err := providersIn(dir, []byte(lock))
	if err != nil || len(found) != 1 || found[0].address != aws || found[0].version != "1.2.3" || found[0].hashes[0] != "h1:abc" || found[0].binary != program {
		t.Errorf("%+v, %v", found, err)
	}
	for _, bad := range []string{"provider {", `provider "x/y/z" {}`, `provider "x/y/z" { version = "9" }`} {
		if found, err := providersIn(dir, []byte(bad)); err == nil {
			t.Errorf("%s: %+v", bad, found)
		}
	}
}

func TestHandshakeLine(t *testing.T) {
	for line, ok := range map[string]bool{
		"1|6|unix|/run/p|grpc|":       true,
		"1|5|unix|/run/p|grpc":        true,
		"1|6|unix|/run/p|grpc||true":  true,
		"1|4|unix|/run/p|netrpc|":     false,
		"1|7|unix|/run/p|grpc|":       false,
		"2|6|unix|/run/p|grpc|":       false,
		"1|6|tcp|127.0.0.1:1|grpc|":   false,
		"1|6|unix|/run/p|grpc|TUlJQw": false,
		"hello":                       false,
		"":                            false,
	} {
		if err := (&process{}).read(line); (err == nil) != ok {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func TestOrdinary(t *testing.T) {
	for address, want := range map[string]Reason{
		"registry.terraform.io/hashicorp/aws": "", "registry.opentofu.org/hashicorp/azurerm": Locks, "registry.terraform.io/hashicorp/archive": LocalFiles,
		"example.com/other/azurerm": "",
	} {
		if got := (provider{address: address}).ordinary(); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}
