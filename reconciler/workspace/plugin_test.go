package workspace

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	simcloud "github.com/nodepool-tf/nodepool-tf/testdata/provider"
)

const serverModule = `
terraform {
  required_providers { simcloud = { source = "` + simcloud.Source + `" } }
}
variable "name" { type = string }
variable "fail" {
  type    = string
  default = null
}
resource "simcloud_server" "vm" {
  name = var.name
  fail = var.fail
}
output "interface_ip" { value = simcloud_server.vm.ipv4 }
output "external_id" { value = simcloud_server.vm.id }
`

// TestRealProvider: a plugin with a lock file and a configuration that holds a secret, and a module that configures
// nothing itself. After the first init none is made: neither to create nor to destroy.
func TestRealProvider(t *testing.T) {
	config, err := simcloud.Mirror(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TF_CLI_CONFIG_FILE", config)
	calls := filepath.Join(t.TempDir(), "calls")
	b := newBench(t, func(o *Options) { o.MaxApplies = 1; o.Engine.Path = counted(t, o.Engine, calls) })
	write(t, filepath.Join(b.source, "main.tf"), serverModule)
	books := t.TempDir()
	const secret = "s3cr3t-t0ken"
	server := func(node string, with ...func(*Order)) Order {
		return b.order(node, append([]func(*Order){func(o *Order) {
			delete(o.Spec.Inputs, "hand")
			o.Spec.RequiredProviders = map[string]modules.RequiredProvider{"simcloud": {Source: simcloud.Source, Version: "~> 0.1"}}
			o.Spec.ProviderConfig = map[string]any{"simcloud": map[string]any{"books": books, "token": secret}}
		}}, with...)...)
	}
	servers := func() int {
		found, err := filepath.Glob(filepath.Join(books, "*.server"))
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	if err := b.m.Prepare(t.Context(), server("0")); err != nil {
		t.Fatal(err)
	}
	b.m.Launch(server("1"))
	o := b.wait("1", Created, Failed)
	if !strings.HasPrefix(o.Fields.InterfaceIP, "127.") || len(o.Fields.ExternalID) < 10 {
		t.Errorf("fields %+v", o.Fields)
	}
	b.m.Launch(server("2", with("fail", "Quota exceeded for instances")))
	if o := b.wait("2", Failed, Created); o.Class() != execute.Quota || !strings.Contains(o.Err.Error(), "Server did not become active: Quota exceeded for instances") {
		t.Errorf("error %v of class %s", o.Err, o.Class())
	}
	b.m.Launch(server("3"))
	b.created("3")
	if n := servers(); n != 3 {
		t.Errorf("%d servers", n)
	}
	for _, dir := range b.folders() {
		link, err := os.Readlink(filepath.Join(dir, ".terraform", "providers"))
		if err != nil || !strings.HasPrefix(link, "../../../bases/") {
			t.Errorf("providers: %q %v", link, err)
		}
		if !exists(filepath.Join(dir, ".terraform.lock.hcl")) {
			t.Error("no lock file")
		}
		if info, err := os.Stat(filepath.Join(dir, "providers.tf.json")); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("provider configuration: %v %v", info, err)
		}
	}
	b.restart(func() {})
	write(t, filepath.Join(books, "3.refuse"), "server is locked")
	b.destroy("1", "2")
	b.m.Destroy("3")
	if o := b.wait("3", DestroyFailed, Destroyed); !strings.Contains(o.Err.Error(), "Server could not be deleted: server is locked") {
		t.Errorf("error %v", o.Err)
	}
	if err := os.Remove(filepath.Join(books, "3.refuse")); err != nil {
		t.Fatal(err)
	}
	b.wait("3", Destroyed)
	b.gone()
	if n := servers(); n != 0 {
		t.Errorf("%d servers are left", n)
	}
	data, err := os.ReadFile(calls)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(data), "init\n"); n != 1 {
		t.Errorf("%d inits: %q", n, data)
	}
	if strings.Contains(b.log.String(), secret) {
		t.Error("the log holds the secret")
	}
}

// counted is an engine that notes its sub-commands.
func counted(t *testing.T, e execute.Engine, calls string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "engine")
	write(t, path, fmt.Sprintf("#!/bin/sh\necho $1 >> %s\nexec %s \"$@\"\n", calls, e.Path))
	if err := os.Chmod(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}
