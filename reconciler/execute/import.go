package execute

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// Import reads a resource that the cloud has into the state of a workspace folder, by its id. It changes nothing in the
// cloud, so it needs no worker process: when the daemon dies, nothing is lost. Errors carry a class.
func Import(ctx context.Context, e Engine, dir, address, id string) error {
	fail := func(class Class, err error) error {
		return &Error{Class: class, Op: "import " + address + " " + id, Err: err, Hint: "run `" + filepath.Base(e.Path) + " import " + address + " " + id + "` in a folder with the provider's configuration to see it whole"}
	}
	if err := privateState(dir); err != nil {
		return fail(Unknown, err)
	}
	tf, err := tfexec.NewTerraform(dir, e.Path)
	if err == nil {
		err = tf.SetEnv(Environ())
	}
	if err == nil {
		err = tf.SetWaitDelay(5 * time.Second)
	}
	if err != nil {
		return fail(Unknown, err)
	}
	err = tf.Import(ctx, address, id)
	if ctx.Err() != nil {
		return fail(Timeout, ctx.Err())
	}
	if err != nil {
		return fail(classify(err.Error()), shorten(err))
	}
	return nil
}

// Vacant makes sure that no worker is at work in a workspace folder: an error says that one is. A folder that is not
// there is vacant.
func Vacant(dir string) error {
	if _, err := os.Stat(dir); os.IsNotExist(err) {
		return nil
	}
	return vacant(dir)
}
