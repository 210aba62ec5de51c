package nodepool

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

//go:embed launcher.py
var script []byte

// Launcher is a running nodepool-launcher.
type Launcher struct {
	dir    string
	cmd    *exec.Cmd
	exited chan struct{}
	err    error // set before exited is closed
}

// Start runs the launcher with the Python that Venv returned and all its files in dir, which must
// exist, and returns when its pool starts work. The launcher outlives ctx; see Stop and Kill.
func Start(ctx context.Context, python, dir string, o Options) (*Launcher, error) {
	if err := writeConfig(dir, o); err != nil {
		return nil, err
	}
	main := filepath.Join(dir, "launcher.py")
	if err := os.WriteFile(main, script, 0o600); err != nil {
		return nil, err
	}
	l := &Launcher{dir: dir, exited: make(chan struct{})}
	log, err := os.OpenFile(l.LogFile(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	args := []string{"-B", main, "-f", "-c", filepath.Join(dir, "nodepool.yaml")}
	if o.Web == 0 {
		args = append(args, "--no-webapp")
	}
	l.cmd = exec.Command(python, args...)
	l.cmd.Dir = dir
	l.cmd.Env = append(os.Environ(), "OS_CLIENT_CONFIG_FILE="+filepath.Join(dir, "clouds.yaml"))
	l.cmd.Stdout, l.cmd.Stderr = log, log
	if _, err := l.cmd.StdinPipe(); err != nil { // its end is the launcher's
		return nil, err
	}
	if err := l.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start Nodepool's launcher: %w", err)
	}
	go func() {
		l.err = l.cmd.Wait()
		close(l.exited)
	}()
	if err := l.waitStarted(ctx, "Starting PoolWorker."+o.Provider+"-main"); err != nil {
		l.Kill()
		return nil, err
	}
	return l, nil
}

func (l *Launcher) waitStarted(ctx context.Context, line string) error {
	for log := ""; !strings.Contains(log, line); log = l.Log() {
		if strings.Contains(log, "Exception in main loop") { // it tries again for ever
			return fmt.Errorf("nodepool's launcher does not start:\n%s", log)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-l.exited:
			return fmt.Errorf("nodepool's launcher ended at its start: %w\n%s", l.err, l.Log())
		case <-ctx.Done():
			return fmt.Errorf("nodepool's launcher does not start: %w\n%s", ctx.Err(), l.Log())
		}
	}
	return nil
}

// LogFile is where the launcher logs to, at level INFO and above.
func (l *Launcher) LogFile() string { return filepath.Join(l.dir, "nodepool.log") }

// Log is what the launcher has logged so far.
func (l *Launcher) Log() string {
	data, _ := os.ReadFile(l.LogFile())
	return string(data)
}

// Pid of the launcher.
func (l *Launcher) Pid() int { return l.cmd.Process.Pid }

// Stop ends the launcher in good order, its registrations removed, and kills it when ctx ends
// first. It is SIGINT that does so: at SIGTERM Nodepool exits on the spot.
func (l *Launcher) Stop(ctx context.Context) error {
	if err := l.cmd.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-l.exited:
		return l.err
	case <-ctx.Done():
		l.Kill()
		return fmt.Errorf("nodepool's launcher did not stop: %w", ctx.Err())
	}
}

// Kill ends the launcher as a crash would: its registration and its locks stay until its session
// expires.
func (l *Launcher) Kill() {
	_ = l.cmd.Process.Kill()
	<-l.exited
}
