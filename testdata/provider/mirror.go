package provider

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// Source and Version are what required_providers says of the provider.
const (
	Source  = "nodepool-tf.invalid/test/simcloud"
	Version = "0.1.0"
)

// Mirror builds the provider below dir and writes a CLI configuration that installs it, and nothing else, from there:
// TF_CLI_CONFIG_FILE is to name the file that it returns. It needs the Go toolchain.
func Mirror(ctx context.Context, dir string) (cliConfig string, err error) {
	mirror := filepath.Join(dir, "mirror")
	folder := filepath.Join(mirror, filepath.FromSlash(Source), Version, runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(folder, "terraform-provider-simcloud_v"+Version), "github.com/nodepool-tf/nodepool-tf/testdata/provider/plugin")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the test provider: %w: %s", err, out)
	}
	cliConfig = filepath.Join(dir, "cli.tfrc")
	text := fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror)
	return cliConfig, os.WriteFile(cliConfig, []byte(text), 0o600)
}
