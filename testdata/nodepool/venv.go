package nodepool

import (
	"context"
	_ "embed"

	"github.com/nodepool-tf/nodepool-tf/testdata/venv"
)

// Version is the Nodepool release that requirements.txt pins.
const Version = "11.0.0"

//go:embed requirements.txt
var requirements []byte

// ErrUnavailable means that this machine cannot make the environment; see venv.ErrUnavailable.
var ErrUnavailable = venv.ErrUnavailable

// Venv returns the path of a Python that can run Nodepool's launcher with the fake driver, made
// at first use below cacheDir ("": the user's cache folder). Errors wrap ErrUnavailable when the
// machine is to blame.
func Venv(ctx context.Context, cacheDir string) (string, error) {
	return venv.Env{
		Name: "nodepool", Version: Version, Requirements: requirements,
		Imports: "nodepool.cmd.launcher, nodepool.driver.fake",
	}.Make(ctx, cacheDir)
}
