package execute

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// script makes an executable that stands for an engine.
func script(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	write(t, path, "#!/bin/sh\n"+text+"\n")
	if err := os.Chmod(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// versionScript answers `version` and `version -json` as Terraform does.
func versionScript(t *testing.T, product, version string) string {
	return script(t, "engine", `case "$*" in
*-json*) echo '{"terraform_version":"`+version+`","platform":"linux_amd64","provider_selections":{}}' ;;
*) echo '`+product+` v`+version+`' ;;
esac`)
}

func TestFindEngine(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "terraform")
	write(t, plain, "not a program")
	tofu := filepath.Join(t.TempDir(), "tofu")
	if err := os.Symlink(versionScript(t, "OpenTofu", "1.10.1"), tofu); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		opts    EngineOptions
		want    Engine
		err     []string // the error names what was tried, what is wrong and what to do
		nothing bool     // nothing on PATH
		onPath  string   // the folder that is all of PATH
	}{
		{name: "configured", opts: EngineOptions{Path: versionScript(t, "Terraform", "1.6.2")}, want: Engine{Product: "terraform", Version: "1.6.2"}},
		{name: "opentofu by its own word", opts: EngineOptions{Path: versionScript(t, "OpenTofu", "1.10.1")}, want: Engine{Product: "opentofu", Version: "1.10.1"}},
		{name: "constraint met", opts: EngineOptions{Path: versionScript(t, "Terraform", "1.6.2"), Constraint: ">= 1.6, < 2"}, want: Engine{Product: "terraform", Version: "1.6.2"}},
		{name: "constraint met by a pre-release", opts: EngineOptions{Path: versionScript(t, "Terraform", "1.12.0-beta1"), Constraint: ">= 1.6"}, want: Engine{Product: "terraform", Version: "1.12.0-beta1"}},
		{name: "constraint not met", opts: EngineOptions{Path: versionScript(t, "Terraform", "1.6.2"), Constraint: ">= 1.7"}, err: []string{"version 1.6.2 does not satisfy", ">= 1.7", "terraform.version"}},
		{name: "constraint that is none", opts: EngineOptions{Path: versionScript(t, "Terraform", "1.6.2"), Constraint: "newest"}, err: []string{`"newest"`, "terraform.version takes constraints"}},
		{name: "too old", opts: EngineOptions{Path: versionScript(t, "Terraform", "1.3.9")}, err: []string{"1.3.9 is too old", "1.4.0 or newer"}},
		{name: "missing", opts: EngineOptions{Path: "/nonexistent/terraform"}, err: []string{"/nonexistent/terraform", "no such file", "terraform.exec-path"}},
		{name: "not executable", opts: EngineOptions{Path: plain}, err: []string{plain, "permission denied", "terraform.exec-path"}},
		{name: "something else", opts: EngineOptions{Path: script(t, "terraform", "echo hello")}, err: []string{"must name a Terraform or OpenTofu binary"}},
		{name: "fails", opts: EngineOptions{Path: script(t, "terraform", "echo broken >&2; exit 1")}, err: []string{"broken", "must name a Terraform or OpenTofu binary"}},
		{name: "unknown product", opts: EngineOptions{Product: "pulumi"}, err: []string{"pulumi", "terraform or opentofu"}},
		{name: "nothing on PATH", nothing: true, err: []string{"find terraform", "not on PATH", "terraform.exec-path"}},
		{name: "only tofu on PATH", onPath: filepath.Dir(tofu), want: Engine{Path: tofu, Product: "opentofu", Version: "1.10.1"}},
		{name: "only tofu on PATH, terraform wanted", opts: EngineOptions{Product: "terraform"}, onPath: filepath.Dir(tofu), err: []string{"find terraform", "not on PATH"}},
		{name: "no tofu on PATH", opts: EngineOptions{Product: "opentofu"}, nothing: true, err: []string{"find opentofu", "tofu", "terraform.exec-path"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.nothing {
				t.Setenv("PATH", t.TempDir())
			}
			if c.onPath != "" {
				t.Setenv("PATH", c.onPath)
			}
			got, err := FindEngine(t.Context(), c.opts)
			if c.err == nil {
				if err != nil {
					t.Fatal(err)
				}
				c.want.Path = cmp.Or(c.want.Path, c.opts.Path)
				if got != c.want {
					t.Errorf("got %+v, want %+v", got, c.want)
				}
				return
			}
			if err == nil || ClassOf(err) != Config {
				t.Fatalf("error %v of class %s, want class config", err, ClassOf(err))
			}
			for _, part := range c.err {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error does not say %q: %v", part, err)
				}
			}
		})
	}
}

func TestFindEngineOnPath(t *testing.T) {
	path := versionScript(t, "Terraform", "1.9.0")
	if err := os.Rename(path, filepath.Join(filepath.Dir(path), "terraform")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(path)+":"+os.Getenv("PATH"))
	e, err := FindEngine(t.Context(), EngineOptions{})
	if err != nil || e.Version != "1.9.0" || !filepath.IsAbs(e.Path) {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestFindEngineStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := FindEngine(ctx, EngineOptions{Path: script(t, "terraform", "sleep 60")}); err == nil {
		t.Error("no error")
	}
}

func TestEnviron(t *testing.T) {
	for _, k := range []string{"TF_CLI_ARGS", "TF_CLI_ARGS_apply", "TF_VAR_x", "TF_DATA_DIR", "TF_PLUGIN_CACHE_DIR", "TF_REATTACH_PROVIDERS", "TF_WORKSPACE", "TF_LOG"} {
		t.Setenv(k, "x")
	}
	t.Setenv("OS_CLOUD", "mycloud")
	t.Setenv("TF_CLI_CONFIG_FILE", "/etc/tf.rc")
	t.Setenv("TF_LOG_SDK", "DEBUG")
	env := Environ()
	for k, v := range env {
		want := ours[k]
		if k == "TF_LOG_SDK" {
			want = "DEBUG"
		}
		if strings.HasPrefix(k, "TF_") && k != "TF_CLI_CONFIG_FILE" && v != want {
			t.Errorf("%s=%s is passed on", k, v)
		}
	}
	if env["OS_CLOUD"] != "mycloud" || env["TF_CLI_CONFIG_FILE"] != "/etc/tf.rc" || env["CHECKPOINT_DISABLE"] != "1" || env["PATH"] == "" {
		t.Errorf("credentials or settings are missing: %v", env)
	}
}
