package reconciler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// Terraform runs a read-only sub-command (execute.ReadOnly) in a copy of a workspace, named by its own id or by that of a
// node. It returns Terraform's exit code; an error says that it was not run.
func (f *Forecast) Terraform(ctx context.Context, name string, args []string, out, errOut io.Writer, colour bool) (code int, err error) {
	id := name
	if f.copies[id] == nil && f.at[name] != "" {
		id = f.at[name]
	}
	c, err := f.read(ctx, id)
	if gone(err) && f.local { // another launcher's
		c, err = f.readKept(ctx, id)
	}
	if errors.Is(err, zk.ErrNoNode) || errors.Is(err, os.ErrNotExist) {
		return 0, fmt.Errorf("there is no workspace %s, and none holds a node of that name; `nodepool-tf plan --detail` lists workspaces and their nodes", name)
	}
	if err != nil {
		return 0, err
	}
	if c.InFlight != "" {
		fmt.Fprintf(errOut, "nodepool-tf: a run is in flight in workspace %s (%s); this is its last whole state\n", id, c.InFlight)
	}
	dir := filepath.Join(f.o.Dir, "workspaces", id)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return 0, err
	}
	if err := f.replicate(ctx, c, dir, nil); err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, f.engine.Path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, errOut
	for k, v := range execute.Environ() {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	if !colour {
		cmd.Env = append(cmd.Env, "TF_CLI_ARGS=-no-color")
	}
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}
