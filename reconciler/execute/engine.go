package execute

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-exec/tfexec"
)

// oldest is the first version whose terraform_data, -json events and state format this package relies on. OpenTofu
// counts on from Terraform 1.5, so the same bound serves both.
var oldest = version.Must(version.NewVersion("1.4.0"))

// Engine is a Terraform or OpenTofu binary that was run once to learn its version.
type Engine struct {
	Path    string // absolute
	Product string // terraform or opentofu: what the binary says it is, whatever it was found as
	Version string
}

// EngineOptions say where to look, as the config's `terraform` section does.
type EngineOptions struct {
	Path       string // exact binary; empty: PATH, then hc-install
	Product    string // terraform or opentofu; empty: terraform, and opentofu where only that is on PATH
	Constraint string // version constraint such as ">= 1.6", empty: any that is not too old
	InstallDir string // where hc-install may put a downloaded binary
}

// FindEngine locates the binary (configured path, PATH, hc-install in that order) and checks its version. OpenTofu
// cannot be installed by hc-install: it must be on PATH or configured.
func FindEngine(ctx context.Context, o EngineOptions) (Engine, error) {
	name := map[string]string{"": "terraform", "terraform": "terraform", "opentofu": "tofu"}[o.Product]
	if name == "" {
		return Engine{}, &Error{Class: Config, Op: "find terraform", Err: fmt.Errorf("unknown product %q", o.Product), Hint: "terraform.product takes terraform or opentofu"}
	}
	path := o.Path
	if path == "" {
		found, err := exec.LookPath(name)
		if _, installed := os.Stat(filepath.Join(o.InstallDir, "terraform")); err != nil && o.Product == "" && (o.InstallDir == "" || installed != nil) {
			if tofu, tofuErr := exec.LookPath("tofu"); tofuErr == nil {
				name, found, err = "tofu", tofu, nil
			}
		}
		if err == nil {
			path = found
		} else if name == "tofu" {
			return Engine{}, &Error{Class: Config, Op: "find opentofu", Err: err, Hint: "install it, or set terraform.exec-path"}
		} else if path, err = installTerraform(ctx, o); err != nil {
			return Engine{}, &Error{Class: Config, Op: "find terraform", Err: err, Hint: "install Terraform on PATH, or set terraform.exec-path in the configuration"}
		}
	}
	e := Engine{Path: path, Product: map[string]string{"terraform": "terraform", "tofu": "opentofu"}[name]}
	return e, e.check(ctx, o.Constraint)
}

// check runs the binary once for its version.
func (e *Engine) check(ctx context.Context, constraint string) error {
	fail := func(err error, hint string) error {
		return &Error{Class: Config, Op: "run " + e.Path, Err: err, Hint: hint}
	}
	dir, err := os.MkdirTemp("", "nodepool-tf-version-")
	if err != nil {
		return fail(err, "")
	}
	defer os.RemoveAll(dir)
	if abs, err := filepath.Abs(e.Path); err == nil {
		e.Path = abs
	}
	tf, err := tfexec.NewTerraform(dir, e.Path)
	if err != nil {
		return fail(err, "check terraform.exec-path")
	}
	if err := tf.SetEnv(Environ()); err != nil {
		return fail(err, "")
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	v, _, err := tf.Version(ctx, true)
	if err != nil {
		return fail(shorten(err), "terraform.exec-path must name a Terraform or OpenTofu binary for this machine")
	}
	e.Version = v.String()
	if text, err := exec.CommandContext(ctx, e.Path, "version").Output(); err == nil && strings.HasPrefix(string(text), "OpenTofu") {
		e.Product = "opentofu"
	}
	if v.Core().LessThan(oldest) {
		return fail(fmt.Errorf("version %s is too old", v), "nodepool-tf needs "+oldest.String()+" or newer")
	}
	if constraint == "" {
		return nil
	}
	c, err := version.NewConstraint(constraint)
	if err != nil {
		return fail(fmt.Errorf("version constraint %q: %w", constraint, err), "terraform.version takes constraints such as \">= 1.6\"")
	}
	if !c.Check(v.Core()) {
		return fail(fmt.Errorf("version %s does not satisfy %q", v, constraint), "install a fitting one, or change terraform.version")
	}
	return nil
}
