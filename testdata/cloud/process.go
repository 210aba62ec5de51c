package cloud

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// process is the server's.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{}
}

// start runs the program and waits until it says where it listens.
func start(ctx context.Context, program, log string, args ...string) (*process, string, error) {
	errs, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, "", err
	}
	defer errs.Close()
	cmd := exec.Command(program, args...)
	cmd.Stderr = errs
	cmd.SysProcAttr = dieWithParent()
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	p := &process{cmd: cmd, exited: make(chan struct{})}
	started, said := make(chan error), make(chan string, 1)
	go func() {
		// The kernel ends the child when the *thread* that started it ends.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		line, _ := bufio.NewReader(out).ReadString('\n')
		said <- strings.TrimSpace(line)
		_ = cmd.Wait()
		close(p.exited)
	}()
	if err := <-started; err != nil {
		return nil, "", err
	}
	select {
	case address := <-said:
		if address != "" {
			return p, address, nil
		}
		<-p.exited
		text, _ := os.ReadFile(log)
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		return nil, "", fmt.Errorf("it ended: %s", lines[len(lines)-1])
	case <-ctx.Done():
		p.end(0)
		return nil, "", ctx.Err()
	}
}

// end asks the process to stop, and kills it after grace. It does nothing when it has ended.
func (p *process) end(grace time.Duration) {
	if grace > 0 {
		p.signal(syscall.SIGTERM)
		select {
		case <-p.exited:
			return
		case <-time.After(grace):
		}
	}
	p.signal(syscall.SIGKILL)
	<-p.exited
}

func (p *process) pause()  { p.signal(syscall.SIGSTOP) }
func (p *process) resume() { p.signal(syscall.SIGCONT) }

func (p *process) signal(sig syscall.Signal) {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		panic(fmt.Sprintf("signal our own cloud, pid %d: %v", p.cmd.Process.Pid, err))
	}
}
