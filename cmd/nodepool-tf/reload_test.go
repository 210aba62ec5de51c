package main

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
	"github.com/nodepool-tf/nodepool-tf/testdata/requestor"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

// edit replaces text of the configuration and writes it; pairs are old and new, each old exactly once there.
func (r *testRig) edit(pairs ...string) {
	r.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		old := expand(pairs[i], r.gateDir)
		if n := strings.Count(r.Config, old); n != 1 {
			r.t.Fatalf("%q is in the configuration %d times", old, n)
		}
		r.Config = strings.Replace(r.Config, old, expand(pairs[i+1], r.gateDir), 1)
	}
	if err := r.WriteConfig(); err != nil {
		r.t.Fatal(err)
	}
}

// configure edits the configuration and waits until the launcher has put it into force.
func (r *testRig) configure(pairs ...string) {
	r.t.Helper()
	from := len(r.Log())
	r.edit(pairs...)
	r.eventually("configuration loaded", func() bool { return strings.Contains(r.Log()[from:], `msg="configuration loaded`) })
}

// pools are the registered pools by provider/pool.
func (r *testRig) pools() map[string]*record.Pool {
	r.t.Helper()
	const dir = "/nodepool/components/pool"
	names, _, err := r.s.Children(r.ctx, dir)
	if err != nil {
		r.t.Fatal(err)
	}
	found := map[string]*record.Pool{}
	for _, name := range names {
		data, _, err := r.s.Get(r.ctx, dir+"/"+name)
		if errors.Is(err, zk.ErrNoNode) {
			continue
		}
		if err != nil {
			r.t.Fatal(err)
		}
		if p, err := record.ParsePool(data); err == nil && p.ID != "" { // a pool is there before it says what it is
			found[p.ProviderName+"/"+p.Name] = p
		}
	}
	return found
}

// poolIDs are the ids of the registered pools by provider, of which each has one.
func (r *testRig) poolIDs() map[string]string {
	r.t.Helper()
	ids := map[string]string{}
	for _, p := range r.pools() {
		ids[p.ProviderName] = p.ID
	}
	return ids
}

// TestReload goes through what an operator changes while the launcher serves: a label, a pool, a provider come and go.
// What is not changed keeps its pool id; what comes back has another.
func TestReload(t *testing.T) {
	t.Parallel()
	r := newRig(t, strings.Replace(instantConfig, "[{name: small}", "[{name: other}, {name: small}", 1)+secondProvider).start()
	r.use(r.wait(r.submit("small"), record.RequestFulfilled))
	before := r.pools()
	held, req := r.takes("other")

	// A label, and another priority.
	r.configure("[{name: other}, ", "[{name: extra}, {name: other}, ", "labels:\n          - name: small", `priority: 50
        labels:
          - name: extra
            inputs: {name: "${node.hostname}"}
          - name: small`)
	r.use(r.wait(r.submit("extra"), record.RequestFulfilled))
	r.eventually("the registry tells", func() bool {
		p := r.pools()["local/main"]
		return slices.Equal(p.SupportedLabels, []string{"extra", "large", "small"}) && p.Priority == 50
	})
	if now := r.pools(); now["local/main"].ID != before["local/main"].ID || now["second/main"].ID != before["second/main"].ID {
		t.Errorf("pool ids changed: %v, before %v", now, before)
	}

	// A provider less, which has a node in use, and a pool more.
	r.configure(secondProvider, "", "    pools:\n", `    pools:
      - name: more
        host-key-checking: false
        labels: [{name: more, inputs: {name: "${node.hostname}"}}]
`, "[{name: extra}", "[{name: more}, {name: extra}")
	r.use(r.wait(r.submit("more"), record.RequestFulfilled))
	r.eventually("the registry tells", func() bool {
		return slices.Equal(slices.Sorted(maps.Keys(r.pools())), []string{"local/main", "local/more"})
	})
	if failed := r.wait(r.submit("other"), record.RequestFailed); len(failed.DeclinedBy) != 2 {
		t.Errorf("declined by %v", failed.DeclinedBy)
	}
	if err := r.Return(r.ctx, held); err != nil { // its node is nobody's to touch now (protocol.md 4.12)
		t.Fatal(err)
	}
	r.use(r.wait(r.submit("small"), record.RequestFulfilled))
	r.eventually("all others are gone", func() bool { return len(r.Nodes()) == 1 && r.Workspaces() == 1 })
	if n := r.Nodes()[req.Nodes[0]]; n == nil || n.State != record.NodeUsed {
		t.Errorf("the node of the provider that is not configured: %+v", n)
	}
	if log := r.Log(); !strings.Contains(log, "still has nodes") || !strings.Contains(log, "nodepool-tf erase second") {
		t.Error("nothing was said of the node that stays")
	}

	// It comes back.
	r.configure("providers:\n", "providers:\n"+strings.TrimPrefix(secondProvider, "\n"))
	r.empty()
	r.eventually("the registry tells", func() bool { return r.pools()["second/main"] != nil })
	if id := r.pools()["second/main"].ID; id == before["second/main"].ID {
		t.Errorf("pool id %s, as before it was removed", id)
	}
	r.use(r.wait(r.submit("other"), record.RequestFulfilled))
	r.stop()
	if strings.Contains(r.Log(), "level=ERROR") {
		t.Error("something went wrong")
	}
}

const secondProvider = `
  - name: second
    driver: terraform
    module: {source: %INSTANT%}
    pools:
      - name: main
        host-key-checking: false
        labels: [{name: other, inputs: {name: "${node.hostname}"}}, {name: large, inputs: {name: "${node.hostname}"}}]
`

// takes has a request fulfilled and its node in use.
func (r *testRig) takes(label string) (held []*requestor.Held, req *record.Request) {
	r.t.Helper()
	req = r.wait(r.submit(label), record.RequestFulfilled)
	held, err := r.Accept(r.ctx, req)
	if err == nil {
		err = r.Set(r.ctx, held, record.NodeInUse)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return held, req
}

// TestReloadBroken: what cannot be loaded is told once, with its place, and the configuration in force goes on serving.
// SIGHUP has it told again. Neither other servers nor another tree are taken at the operator's word.
func TestReloadBroken(t *testing.T) {
	t.Parallel()
	r := newRig(t, instantConfig).start()
	r.use(r.wait(r.submit("small"), record.RequestFulfilled)) // the configuration was read
	good := r.Config
	_, port, _ := strings.Cut(r.Servers[0], ":")
	for name, c := range map[string]struct{ old, new, told string }{
		"not YAML":         {"labels: [{name: small}", "labels: [{name: small}\n\tx", "E-YAML"},
		"an unknown label": {"- name: large", "- name: lagre", "pools[0].labels[1].name: E-LBL-UNDEF"},
		"a limit":          {"max-servers: 20", "max-servers: many", "providers[0].pools[0].max-servers: "},
		"cut off":          {instantConfig, "", "E-EMPTY"},
		"another tree":     {"labels: [{name: small}", "zookeeper-servers: [{host: 127.0.0.1, port: " + port + ", chroot: /other}]\nlabels: [{name: small}", "made for another ZooKeeper tree"},
	} {
		t.Run(name, func(t *testing.T) {
			from := len(r.Log())
			told := func() int { return strings.Count(r.Log()[from:], "level=ERROR") }
			r.Config = good
			if c.new == "" {
				if err := os.WriteFile(r.ConfigFile, nil, 0o600); err != nil {
					t.Fatal(err)
				}
			} else {
				r.edit(c.old, c.new)
			}
			r.eventually("it is told", func() bool { return told() == 1 })
			line := r.Log()[from:]
			line = line[strings.Index(line, "level=ERROR"):]
			if !strings.Contains(line, "the configuration cannot be used; the one in force stays") || !strings.Contains(line, c.told) || !strings.Contains(line, r.ConfigFile) {
				t.Errorf("told: %s", line)
			}
			r.use(r.wait(r.submit("small"), record.RequestFulfilled))
			if err := r.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			r.eventually("it is told again", func() bool { return told() == 2 })
		})
	}
	r.Config = good
	r.configure("[{name: small}, ", "[{name: mended}, {name: small}, ", "- name: small", "- name: mended\n            inputs: {name: x}\n          - name: small")
	r.use(r.wait(r.submit("mended"), record.RequestFulfilled))
	if err := r.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	r.logged("configuration loaded; nothing changes with it")
	r.configure("labels: [", "webapp: {port: 1234}\nlabels: [")
	r.logged("some options of the configuration take effect with the next start of the launcher\" options=[webapp]")
	r.stop()
}

// TestReloadFreezesLiveNodes: another module, other inputs and another pool of the provider reach new nodes only. The
// workspace of a live node stays as it is, byte by byte, and destroys it as it was made.
func TestReloadFreezesLiveNodes(t *testing.T) {
	t.Parallel()
	r := newRig(t, gatedConfig)
	r.gate("open")
	r.start()
	held, live := r.takes("gated")
	before := r.workspaceFiles()

	module := filepath.Join(r.Dir, "module")
	source, err := os.ReadFile(filepath.Join(rig.Module("gated"), "main.tf"))
	if err == nil {
		err = os.Mkdir(module, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.NewReplacer(`\"destroy `, `\"gone `, "127.0.0.1", "127.0.0.2").Replace(string(source))
	if err := os.WriteFile(filepath.Join(module, "main.tf"), []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	r.configure("%GATED%", module, `name: "${node.hostname}"`, `name: "new-${node.hostname}"`, "        labels:", "        node-attributes: {executor-zone: new}\n        labels:")
	next := r.wait(r.submit("gated"), record.RequestFulfilled)
	n := r.Nodes()[next.Nodes[0]]
	if n.PublicIPv4 != "127.0.0.2" || !strings.Contains(string(n.Attributes), "new") || r.Nodes()[live.Nodes[0]].PublicIPv4 != "127.0.0.1" {
		t.Errorf("new node %+v", n)
	}
	after := r.workspaceFiles()
	for path, was := range before {
		if !bytes.Equal(was, after[path]) {
			t.Errorf("%s of a live node has changed:\n%s\nwas\n%s", path, after[path], was)
		}
	}
	if err := r.Return(r.ctx, held); err != nil {
		t.Fatal(err)
	}
	r.use(next)
	r.empty()
	want := map[string]int{"begin": 2, "create": 2, "destroy": 1, "gone": 1, "": 1}
	if got := r.books(); !maps.Equal(got, want) {
		t.Errorf("books %v, want %v", got, want)
	}
}

// workspaceFiles are the files of Terraform's configuration in all workspaces.
func (r *testRig) workspaceFiles() map[string][]byte {
	r.t.Helper()
	files := map[string][]byte{}
	paths, err := filepath.Glob(filepath.Join(r.StateDir, "workspaces", "*", "*.tf*"))
	if err != nil || len(paths) == 0 {
		r.t.Fatal(paths, err)
	}
	for _, path := range paths {
		if strings.Contains(path, ".tfstate") {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			r.t.Fatal(err)
		}
		files[path] = data
	}
	return files
}

// TestReloadRequestsInHand: of a provider that goes, a request whose node becomes ready gets it, and one that waits is
// declined, also for a removed label.
func TestReloadRequestsInHand(t *testing.T) {
	t.Parallel()
	config := strings.Replace(gatedConfig, "[{name: gated}]", "[{name: gated}, {name: other}, {name: large}]", 1) + secondProvider
	r := newRig(t, config, quota("1")).start()
	launching := r.submit("gated")
	r.began(1)
	waiting := r.submit("gated")
	r.logged(`msg="pool paused" provider=local pool=main paused=true`)
	_, local, _ := strings.Cut(config, "providers:")
	local, _, _ = strings.Cut(local, secondProvider)
	r.configure(strings.Replace(expand(local, r.gateDir), "max-servers: 20", "max-servers: 1", 1), "")
	if failed := r.wait(waiting, record.RequestFailed); len(failed.DeclinedBy) != 2 {
		t.Errorf("declined by %v, want the pool that went and the one that stays", failed.DeclinedBy)
	}
	r.gate("open")
	r.use(r.wait(launching, record.RequestFulfilled))
	if n := r.Nodes(); len(n) != 1 {
		t.Errorf("nodes: %v", n)
	}
	r.use(r.wait(r.submit("other"), record.RequestFulfilled))
	r.configure("providers:", "providers:"+local)
	r.empty()
}

// TestReloadServers: the launcher moves to other addresses of its ZooKeeper and goes on with what it has in hand.
func TestReloadServers(t *testing.T) {
	t.Parallel()
	srv, chroot := zktest.Shared(t)
	old, next := zktest.Proxy(t, srv.Addr), zktest.Proxy(t, srv.Addr)
	r := newRig(t, gatedConfig, servers(old.Addr), func(o *rig.Options) { o.Chroot = chroot })
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	r.Servers = []string{srv.Addr}
	r.connect()
	id := r.submit("gated")
	r.began(1)
	r.Servers = []string{next.Addr}
	r.edit()
	r.eventually("it has moved", func() bool { return next.Connected() && !old.Connected() })
	old.Cut()
	r.logged("request resumed")
	r.gate("open")
	r.use(r.wait(id, record.RequestFulfilled))
	r.empty()
	if n := r.books(); n["create"] != 1 {
		t.Errorf("books: %v", n)
	}
	r.stop()
}

// TestReloadCredentials: a label that was stopped for its credentials is tried at once when they are mended.
func TestReloadCredentials(t *testing.T) {
	r := newCloudRig(t, api.Settings{}, func(o *rig.Options) { o.Config = strings.Replace(o.Config, "s3cr3t", "wrong", 1) })
	r.wait(r.submit("vm"), record.RequestFailed)
	r.logged("label is stopped")
	r.configure("token: wrong", "token: s3cr3t")
	r.useChecked(r.wait(r.submit("vm"), record.RequestFulfilled))
	r.configure("providers:\n", "providers:\n# nothing\n")
	if n := strings.Count(r.Log(), "configuration loaded; nothing changes with it"); n != 1 {
		t.Errorf("a comment changed something: %d", n)
	}
	r.balanced(1)
}
