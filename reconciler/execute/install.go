package execute

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/go-version"
	install "github.com/hashicorp/hc-install"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
	"github.com/hashicorp/hc-install/src"
)

// installTerraform downloads a Terraform that satisfies the constraint into the folder for it.
func installTerraform(ctx context.Context, o EngineOptions) (string, error) {
	if o.InstallDir == "" {
		return "", errors.New("not on PATH")
	}
	if err := os.MkdirAll(o.InstallDir, 0o700); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	latest := &releases.LatestVersion{Product: product.Terraform, InstallDir: o.InstallDir}
	if c, err := version.NewConstraint(o.Constraint); o.Constraint != "" && err == nil {
		latest.Constraints = c // a bad one is reported by check, with the version it was meant for
	}
	path, err := install.NewInstaller().Ensure(ctx, []src.Source{latest})
	if err != nil {
		return "", fmt.Errorf("not on PATH, and downloading it failed: %w", err)
	}
	return path, nil
}
