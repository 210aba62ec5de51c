package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
)

// world is what all phases share.
type world struct {
	dir       string
	binary    string // the launcher
	terraform string
	version   string // of Terraform
	plugin    string // the simulated cloud's provider
	cloud     *cloud.Cloud
	certs     *zkserver.Certs
	settings  string // further settings of the terraform section
	profile   string // folder for profiles, "" for none
}

func newWorld(ctx context.Context, dir string, o options) (*world, error) {
	w := &world{dir: dir, binary: o.daemon, settings: o.terraform, profile: o.profile}
	var err error
	if w.terraform, err = exec.LookPath("terraform"); err != nil {
		return nil, fmt.Errorf("bare Terraform: %w", err)
	}
	// A folder of the provider's own, installed from a mirror and from nowhere else.
	config, err := cloud.Mirror(ctx, dir)
	if err != nil {
		return nil, err
	}
	w.plugin = filepath.Join(dir, "mirror", filepath.FromSlash(cloud.Source), cloud.Version, runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-simcloud_v"+cloud.Version)
	for name, value := range map[string]string{"TF_CLI_CONFIG_FILE": config, "CHECKPOINT_DISABLE": "1"} {
		if err := os.Setenv(name, value); err != nil {
			return nil, err
		}
	}
	out, err := exec.CommandContext(ctx, w.terraform, "version").Output()
	if err != nil {
		return nil, fmt.Errorf("bare Terraform: %w", err)
	}
	w.version, _, _ = strings.Cut(string(out), "\n")
	switch {
	case w.profile != "":
		if err := os.MkdirAll(w.profile, 0o755); err != nil {
			return nil, err
		}
		w.binary, err = rig.Build(ctx, dir, "-tags", "profile")
	case w.binary == "":
		w.binary, err = rig.Build(ctx, dir)
	default:
		w.binary, err = filepath.Abs(w.binary)
	}
	if err != nil {
		return nil, err
	}
	if w.certs, err = zkserver.NewCerts(filepath.Join(dir, "certs")); err != nil {
		return nil, err
	}
	w.cloud, err = cloud.Start(ctx, filepath.Join(dir, "cloud"))
	return w, err
}

func (w *world) tls() [3]string {
	return [3]string{w.certs.ClientCert, w.certs.ClientKey, w.certs.CA}
}

func (w *world) close() { w.cloud.Stop() }
