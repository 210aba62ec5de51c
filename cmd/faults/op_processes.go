package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// victimWait is how long a process to kill is waited for: there is not always one.
const victimWait = 3 * time.Second

func killTerraform(ctx context.Context, w *world, e Event) (func(context.Context) error, string, error) {
	return nil, w.killOne(ctx, e, func(exe string) bool { return filepath.Base(exe) == "terraform" }), nil
}

func killPlugin(ctx context.Context, w *world, e Event) (func(context.Context) error, string, error) {
	return nil, w.killOne(ctx, e, func(exe string) bool { return strings.HasPrefix(filepath.Base(exe), "terraform-provider-") }), nil
}

// killOne kills one of a launcher's processes.
func (w *world) killOne(ctx context.Context, e Event, wanted func(exe string) bool) string {
	l := w.launchers[e.Launcher]
	for end := time.Now().Add(victimWait); time.Now().Before(end) && ctx.Err() == nil; _ = sleep(ctx, 10*time.Millisecond) {
		var victims []rig.Process
		for _, p := range rig.Processes(l.StateDir) {
			if wanted(p.Exe) {
				victims = append(victims, p)
			}
		}
		if len(victims) == 0 {
			continue
		}
		v := victims[int(e.Pick)%len(victims)]
		if syscall.Kill(v.Pid, syscall.SIGKILL) == nil {
			return fmt.Sprintf("pid %d of %d", v.Pid, len(victims))
		}
	}
	return nobody
}

// nobody is the note of a fault that found nothing to strike.
const nobody = "nobody there"
