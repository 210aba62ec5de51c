package zkserver

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// jars of the Debian package zookeeper and of what it needs for TLS; its own
// manifest names the rest.
var jars = []string{
	"/usr/share/java/zookeeper.jar",
	"/usr/share/java/netty-codec.jar",
	"/usr/share/java/netty-resolver.jar",
	"/usr/share/java/netty-transport-native-unix-common.jar",
	"/usr/share/java/slf4j-simple.jar",
}

// process is one Java process.
type process struct {
	cmd    *exec.Cmd
	log    string
	exited chan struct{}
}

// start runs ZooKeeper with a small, quickly started Java machine.
func start(config string, heap int, log string) (*process, error) {
	java, err := exec.LookPath("java")
	if err != nil {
		return nil, fmt.Errorf("no java on PATH, install the Debian package default-jre-headless: %w", err)
	}
	if _, err := os.Stat(jars[0]); err != nil {
		return nil, fmt.Errorf("no %s, install the Debian package zookeeper: %w", jars[0], err)
	}
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }()
	cmd := exec.Command(java,
		"-Xmx"+strconv.Itoa(heap)+"m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto",
		"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
		"-Dzookeeper.forceSync=no", // test data need not survive a power cut
		"-Dzookeeper.jmx.log4j.disable=true",
		"-cp", strings.Join(jars, ":"),
		"org.apache.zookeeper.server.quorum.QuorumPeerMain", config)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = dieWithParent()
	p := &process{cmd: cmd, log: log, exited: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The kernel ends the child when the *thread* that started it ends.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
			close(p.exited)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// end asks the process to stop, and kills it after grace.
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

func (p *process) signal(sig syscall.Signal) {
	err := p.cmd.Process.Signal(sig)
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		panic(fmt.Sprintf("signal our own ZooKeeper, pid %d: %v", p.cmd.Process.Pid, err))
	}
}

// Pause freezes the server: connections stay open and nothing answers.
func (s *Server) Pause() { s.proc.signal(syscall.SIGSTOP) }

// Resume ends Pause.
func (s *Server) Resume() { s.proc.signal(syscall.SIGCONT) }
