package cloud

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// Source and Version are what required_providers says of the provider.
const (
	Source  = "nodepool-tf.invalid/testdata/simcloud"
	Version = "1.0.0"
)

// Mirror builds the provider and lays out a filesystem mirror below dir, with a CLI configuration that installs it, and
// nothing else, from there: TF_CLI_CONFIG_FILE is to name the file that it returns. It needs the Go toolchain.
func Mirror(ctx context.Context, dir string) (cliConfig string, err error) {
	mirror := filepath.Join(dir, "mirror")
	folder := filepath.Join(mirror, filepath.FromSlash(Source), Version, runtime.GOOS+"_"+runtime.GOARCH)
	if err := build(ctx, "provider", filepath.Join(folder, "terraform-provider-simcloud_v"+Version)); err != nil {
		return "", err
	}
	cliConfig = filepath.Join(dir, "cli.tfrc")
	text := fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror)
	return cliConfig, os.WriteFile(cliConfig, []byte(text), 0o600)
}
