package config

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const changing = `
zookeeper-servers: [{host: zk1, port: 2181}]
max-hold-age: 60
diskimages: [{name: noble, username: ubuntu}]
labels: [{name: small, min-ready: 1}, {name: large}]
terraform: {state-dir: /srv/np, max-concurrent-applies: 4}
tenant-resource-limits: [{tenant-name: acme, max-servers: 3}]
providers:
  - name: a
    driver: terraform
    module: {source: ./server}
    provider-config: {cloud: {token: one}}
    pools:
      - name: main
        max-servers: 5
        labels:
          - {name: small, inputs: {size: 1}}
          - {name: large, inputs: {size: 2}}
  - name: b
    driver: terraform
    module: {source: ./server}
    diskimages: [{name: noble}]
    pools:
      - name: main
        labels: [{name: small, diskimage: noble}]
`

// TestCompare changes one file in one way at a time.
func TestCompare(t *testing.T) {
	changed := func(names ...string) Changes { return Changes{Providers: Delta{Changed: names}} }
	for name, c := range map[string]struct {
		old, new string
		want     Changes
	}{
		"nothing":                   {"", "", Changes{}},
		"comments and places":       {"labels: [{name: small, min", "# a comment\n\n\nlabels: [{name: small, min", Changes{}},
		"an order of keys":          {"{cloud: {token: one}}\n    pools", "\n      cloud:\n        token: 'one'\n    pools", Changes{}},
		"a credential":              {"token: one", "token: two", changed("a")},
		"an input":                  {"size: 2", "size: 3", changed("a")},
		"a type of an input":        {"size: 2", "size: '2'", changed("a")},
		"a limit":                   {"max-servers: 5", "max-servers: 6", changed("a")},
		"a module":                  {"./server}\n    provider", "./other}\n    provider", changed("a")},
		"an image of the builder":   {"username: ubuntu", "username: root", changed("b")},
		"a pool's priority":         {"max-servers: 5", "priority: 50", Changes{Providers: Delta{Changed: []string{"a"}}, Pools: Delta{Changed: []string{"a/main"}}}},
		"a provider's priority":     {"name: b\n", "name: b\n    priority: 7\n", Changes{Providers: Delta{Changed: []string{"b"}}, Pools: Delta{Changed: []string{"b/main"}}}},
		"a label less":              {"          - {name: large, inputs: {size: 2}}\n", "", Changes{Providers: Delta{Changed: []string{"a"}}, Pools: Delta{Changed: []string{"a/main"}}, Labels: Delta{Removed: []string{"a/main/large"}}}},
		"a label more":              {"[{name: small, diskimage: noble}]", "[{name: small, diskimage: noble}, {name: large}]", Changes{Providers: Delta{Changed: []string{"b"}}, Pools: Delta{Changed: []string{"b/main"}}, Labels: Delta{Added: []string{"b/main/large"}}}},
		"a pool's name":             {"name: main\n        max", "name: other\n        max", Changes{Providers: Delta{Changed: []string{"a"}}, Pools: Delta{Added: []string{"a/other"}, Removed: []string{"a/main"}}, Labels: Delta{Added: []string{"a/other/large", "a/other/small"}, Removed: []string{"a/main/large", "a/main/small"}}}},
		"a provider's name":         {"name: b\n", "name: c\n", Changes{Providers: Delta{Added: []string{"c"}, Removed: []string{"b"}}, Pools: Delta{Added: []string{"c/main"}, Removed: []string{"b/main"}}, Labels: Delta{Added: []string{"c/main/small"}, Removed: []string{"b/main/small"}}}},
		"a provider of its own":     {"name: b\n    driver: terraform", "name: b\n    driver: fake", Changes{Providers: Delta{Removed: []string{"b"}}, Pools: Delta{Removed: []string{"b/main"}}, Labels: Delta{Removed: []string{"b/main/small"}}}},
		"min-ready":                 {"min-ready: 1", "min-ready: 2", Changes{Options: []string{"labels"}}},
		"a tenant's limit":          {"max-servers: 3", "max-servers: 4", Changes{Options: []string{"tenant-resource-limits"}}},
		"max-hold-age":              {"max-hold-age: 60", "max-hold-age: 61", Changes{Options: []string{"max-hold-age"}}},
		"how much runs at one time": {"applies: 4", "applies: 5, max-apply-memory: 1GiB", Changes{Options: []string{"terraform.max-apply-memory", "terraform.max-concurrent-applies"}}},
		"ZooKeeper's servers":       {"host: zk1", "host: zk2", Changes{Options: []string{"zookeeper-servers"}, ZooKeeper: true}},
		"the state directory":       {"state-dir: /srv/np", "state-dir: /srv/other", Changes{NeedRestart: []string{"terraform.state-dir"}}},
		"engine and web page":       {"terraform: {", "webapp: {port: 1}\nterraform: {product: opentofu, version: '> 1', warm-plugins: false, ", Changes{NeedRestart: []string{"terraform.product", "terraform.version", "terraform.warm-plugins", "webapp"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.old != "" && strings.Count(changing, c.old) != 1 {
				t.Fatalf("%q is there %d times", c.old, strings.Count(changing, c.old))
			}
			running, next := load(t, changing), load(t, strings.Replace(changing, c.old, c.new, 1))
			got := Compare(running, next)
			same(t, "changes", c.want, got)
			if got.None() != cmp.Equal(c.want, Changes{}) {
				t.Errorf("None is %v", got.None())
			}
			followed(t, running, next, got)
		})
	}
}

// followed checks what Follow leaves: nothing that needs a restart, and unchanged providers as they were.
func followed(t *testing.T, running, next *Config, c Changes) {
	t.Helper()
	own := next.Terraform
	next.Follow(running)
	same(t, "what needs a restart", []string(nil), Compare(running, next).NeedRestart)
	if next.Terraform.MaxConcurrentApplies != own.MaxConcurrentApplies || next.Terraform.MaxApplyMemory != own.MaxApplyMemory {
		t.Error("what needs no restart was kept, too")
	}
	differs := map[string]bool{}
	for _, names := range [][]string{c.Providers.Added, c.Providers.Changed} {
		for _, name := range names {
			differs[name] = true
		}
	}
	for _, p := range next.Providers {
		if (running.Provider(p.Name) == p) == differs[p.Name] {
			t.Errorf("provider %s: the very value %v, differs %v", p.Name, running.Provider(p.Name) == p, differs[p.Name])
		}
	}
}

func TestDigest(t *testing.T) {
	dir := t.TempDir()
	main, secure, none := filepath.Join(dir, "main"), filepath.Join(dir, "secure"), filepath.Join(dir, "none")
	write(t, main, []byte("labels: [] #%(NODEPOOL_X)\n"))
	write(t, secure, []byte("{}"))
	env := []string{"NODEPOOL_X=1"}
	for _, over := range []string{"", secure} {
		cfg, _, err := Load(main, over, env)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Digest(main, over, env); err != nil || got != cfg.Hash {
			t.Errorf("digest %s (%v), hash %s", got, err, cfg.Hash)
		}
	}
	for _, files := range [][2]string{{none, ""}, {main, none}} {
		if _, err := Digest(files[0], files[1], env); err == nil || !strings.Contains(err.Error(), none) {
			t.Errorf("%v: %v", files, err)
		}
	}
	write(t, main, []byte("a: [\n")) // what it is worth does not matter
	if _, err := Digest(main, "", env); err != nil {
		t.Error(err)
	}
}
