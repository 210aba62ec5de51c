package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler"
	"github.com/nodepool-tf/nodepool-tf/reconciler/admin"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/web/dashboard"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// newDashboard is the page of a launcher that was started with c's files.
func newDashboard(c *cli.Context, cfg config.WebApp, l *reconciler.Launcher, log *slog.Logger) *dashboard.Dashboard {
	return dashboard.New(dashboard.Options{
		Source: l, Planner: planner{c.String("config"), c.String("secure")}, Operator: operator{l}, AdminToken: cfg.AdminToken, Log: log,
	})
}

// operator holds and deletes nodes for who knows the admin token, as the commands do.
type operator struct{ l *reconciler.Launcher }

var errNoSession = errors.New("there is no connection to ZooKeeper now; try again when there is one")

func (o operator) Hold(ctx context.Context, node string) error {
	return o.with(func(s *session.Session) error { return admin.Hold(ctx, s, node, admin.LockWait, time.Now) })
}

func (o operator) Delete(ctx context.Context, node string) error {
	return o.with(func(s *session.Session) error { return admin.Delete(ctx, s, node, time.Now) })
}

func (o operator) with(f func(*session.Session) error) error {
	if s := o.l.ZooKeeper(); s != nil {
		return f(s)
	}
	return errNoSession
}

// planner runs `plan` in a process of its own: what a preview of a large fleet takes is not the launcher's, and goes with
// it. It reads the files as they are now, which the launcher does too when they change.
type planner struct{ config, secure string }

// maxPlan bounds what is kept of a plan's text, in bytes.
const maxPlan = 512 << 10

func (p planner) Plan(ctx context.Context, provider string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	args := []string{"-c", p.config}
	if p.secure != "" {
		args = append(args, "-s", p.secure)
	}
	cmd := exec.CommandContext(ctx, self, append(args, "plan", "--timeout=10s", "--provider="+provider)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // it removes its files
	// Killed before it has removed them, it would leave states and credentials of providers behind.
	cmd.WaitDelay = execute.LookWait + 10*time.Second
	out, said := &head{most: maxPlan}, &head{most: 8 << 10}
	cmd.Stdout, cmd.Stderr = out, said
	err = cmd.Run()
	if ctx.Err() != nil {
		return "", fmt.Errorf("the plan of provider %s took too long, or the launcher stops: %w", provider, ctx.Err())
	}
	if err != nil && out.Len() == 0 {
		return "", fmt.Errorf("plan: %s (`nodepool-tf plan --provider %s` does the same)", redactor()(strings.TrimSpace(said.String())), provider)
	}
	return out.String(), nil // one with problems tells them, and has exit code 1
}

// head keeps the beginning of what is written.
type head struct {
	bytes.Buffer
	most int
}

func (h *head) Write(p []byte) (int, error) {
	if room := h.most - h.Len(); room > 0 {
		h.Buffer.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}

var _ io.Writer = (*head)(nil)
