package zktest

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

//go:embed kazoo_peer.py
var kazooPeer string

// kazooVersion is what Nodepool and Zuul pin.
const kazooVersion = "kazoo==2.9.0"

var venv = sync.OnceValues(makeVenv)

// Python returns a Python interpreter that has kazoo, from a virtual environment
// that is made once and kept in the project's .cache. Where it cannot be made
// the test is skipped, or fails when CI=true.
func Python(tb testing.TB) string {
	tb.Helper()
	python, err := venv()
	if err != nil {
		if os.Getenv("CI") == "true" {
			tb.Fatalf("CI needs the Python kazoo library: %v", err)
		}
		tb.Skipf("NOT RUN: no Python kazoo library: %v", err)
	}
	return python
}

func makeVenv() (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	final := filepath.Join(root, ".cache", "venv-"+kazooVersion)
	python := filepath.Join(final, "bin", "python")
	if _, err := os.Stat(python); err == nil {
		return python, nil
	}
	if err := os.MkdirAll(filepath.Dir(final), 0o755); err != nil {
		return "", err
	}
	// Made under another name, so that a half-made one is never used.
	temp, err := os.MkdirTemp(filepath.Dir(final), "venv-new-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	for _, command := range [][]string{
		{"python3", "-m", "venv", temp},
		{filepath.Join(temp, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", kazooVersion},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("%q: %w\n%s", command, err, out)
		}
	}
	if err := os.Rename(temp, final); err != nil && !errors.Is(err, os.ErrExist) {
		if _, statErr := os.Stat(python); statErr != nil { // unless somebody else was faster
			return "", err
		}
	}
	return python, nil
}

func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the test")
		}
		dir = parent
	}
}

// Peer is a Python process with one kazoo client.
type Peer struct {
	tb  testing.TB
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

// Kazoo starts a Python peer; hosts is what kazoo takes, with a chroot if any.
func Kazoo(tb testing.TB, hosts string) *Peer {
	tb.Helper()
	p := &Peer{tb: tb, cmd: exec.Command(Python(tb), "-c", kazooPeer, hosts)}
	p.cmd.Stderr = os.Stderr
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		tb.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	p.out = bufio.NewScanner(out)
	if err := p.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.Kill)
	if ready := p.Answer(); ready != "ready" {
		tb.Fatalf("kazoo said %v", ready)
	}
	return p
}

// Do gives the peer a command, see kazoo_peer.py, and returns its answer.
func (p *Peer) Do(command ...string) any {
	p.tb.Helper()
	p.Send(command...)
	return p.Answer()
}

// Send gives a command; Answer waits for what comes of it.
func (p *Peer) Send(command ...string) {
	p.tb.Helper()
	line, err := json.Marshal(command)
	if err == nil {
		_, err = p.in.Write(append(line, '\n'))
	}
	if err != nil {
		p.tb.Fatal(err)
	}
}

// Answer waits for the next line of the peer.
func (p *Peer) Answer() any {
	p.tb.Helper()
	if !p.out.Scan() {
		p.tb.Fatalf("kazoo stopped: %v", p.out.Err())
	}
	var v any
	if err := json.Unmarshal(p.out.Bytes(), &v); err != nil {
		p.tb.Fatalf("kazoo said %q: %v", p.out.Text(), err)
	}
	return v
}

// Kill ends the peer without a goodbye: its session expires later.
func (p *Peer) Kill() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
}
