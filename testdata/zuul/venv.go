package zuul

import (
	"context"
	_ "embed"

	"github.com/nodepool-tf/nodepool-tf/testdata/venv"
)

// Version is the Zuul release that requirements.txt pins.
const Version = "14.3.0"

//go:embed requirements.txt
var requirements []byte

// ErrUnavailable means that this machine cannot make the environment; see venv.ErrUnavailable.
var ErrUnavailable = venv.ErrUnavailable

// Venv returns the path of a Python that can import zuul.nodepool, made at first use below
// cacheDir ("": the user's cache folder). Errors wrap ErrUnavailable when the machine is to blame.
func Venv(ctx context.Context, cacheDir string) (string, error) {
	return venv.Env{
		Name: "zuul", Version: Version, Requirements: requirements,
		Imports: "zuul.nodepool, zuul.zk.nodepool, zuul.model",
	}.Make(ctx, cacheDir)
}
