package warm

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The handshake of go-plugin as Terraform and OpenTofu speak it (docs/plugin-protocol of either, and
// github.com/hashicorp/go-plugin). The cookie only tells a plugin that it was not started by hand.
const (
	cookie     = "TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
	protocols  = "PLUGIN_PROTOCOL_VERSIONS=5,6"
	socketsVar = "PLUGIN_UNIX_SOCKET_DIR"
)

// Names of the files in the folder of a process.
const (
	recordFile = "process.json"
	useFile    = "use"
	outFile    = "stdout"
	errFile    = "stderr"
	socketsDir = "s"
)

// Bounds.
const (
	longestSocket = 107     // of the path of a unix socket (sockaddr_un)
	socketName    = 20      // what go-plugin adds to the folder: "/plugin" and a number
	longestLine   = 4096    // of a handshake
	longestLog    = 1 << 20 // of what a plugin has to say: beyond it is begun anew
)

// process is a running plugin.
type process struct {
	record
	dir   string
	first int64 // memory at its start, in bytes
	uses  int
}

// record is what the folder of a process remembers, for the daemon that comes after.
type record struct {
	Provider string    `json:"provider"`
	Version  string    `json:"version"`
	Key      string    `json:"key"`     // hash of all that decides which runs it may serve
	Sockets  string    `json:"sockets"` // folder of its sockets, which is in its environment
	Started  time.Time `json:"started"`
	PID      int       `json:"pid"`   // 0: it is being started
	Start    uint64    `json:"start"` // see beat
	Protocol int       `json:"protocol"`
	Network  string    `json:"network"`
	Address  string    `json:"address"`
}

func (p *process) attachment() Attachment {
	return Attachment{Provider: p.Provider, Protocol: p.Protocol, PID: p.PID, Network: p.Network, Address: p.Address, Dir: p.dir}
}

func (p *process) alive() bool { return runs(p.PID, p.Start) }

// launch starts a plugin and waits until it serves. What it began and could not finish it removes.
//
// The process's folder lies as deep in the state directory as a workspace: path.module is relative to the workspace, and
// a provider that reads a module's file must find it there.
func launch(ctx context.Context, store string, env []string, key string, what provider, tied bool) (*process, error) {
	id := make([]byte, 4)
	_, _ = rand.Read(id) // never fails
	p := &process{dir: filepath.Join(store, what.name()+"-"+hex.EncodeToString(id))}
	p.record = record{Provider: what.address, Version: what.version, Key: key, Started: time.Now().UTC()}
	err := p.run(ctx, env, what.binary, tied)
	if err != nil {
		p.end()
		return nil, fmt.Errorf("start plugin of %s %s: %w", what.address, what.version, err)
	}
	return p, nil
}

func (p *process) run(ctx context.Context, env []string, binary string, tied bool) error {
	if err := p.prepare(); err != nil {
		return err
	}
	out, err := os.OpenFile(filepath.Join(p.dir, outFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	errs, err := os.OpenFile(filepath.Join(p.dir, errFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer errs.Close()
	cmd := exec.Command(binary)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, out, errs
	cmd.Env = append(env[:len(env):len(env)], cookie, protocols, socketsVar+"="+p.Sockets)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if tied {
		cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.PID = cmd.Process.Pid
	p.Start, _ = beat(p.PID)
	_ = cmd.Process.Release() // it may outlive us; runs waits for it by its pid
	if err := p.save(); err != nil {
		return err
	}
	line, err := p.handshake(ctx)
	if err != nil {
		return err
	}
	if err := p.read(line); err != nil {
		return err
	}
	if err := p.attachment().Ping(10 * time.Second); err != nil {
		return err
	}
	p.first = rss(p.PID)
	return p.save()
}

// prepare makes the folder. The record goes before the process, so that one whose daemon was killed in between is found.
func (p *process) prepare() error {
	if err := os.Mkdir(p.dir, 0o700); err != nil {
		return err
	}
	p.Sockets = filepath.Join(p.dir, socketsDir)
	if len(p.Sockets)+socketName <= longestSocket {
		if err := os.Mkdir(p.Sockets, 0o700); err != nil {
			return err
		}
	} else {
		short, err := os.MkdirTemp("", "np-tf-")
		if err != nil {
			return err
		}
		p.Sockets = short
	}
	if err := os.WriteFile(filepath.Join(p.dir, useFile), nil, 0o600); err != nil {
		return err
	}
	return p.save()
}

func (p *process) save() error {
	data, err := json.Marshal(p.record)
	if err != nil {
		return err
	}
	path := filepath.Join(p.dir, recordFile)
	if err := os.WriteFile(path+".tmp", append(data, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

// handshake waits for the line that a plugin says when it serves.
func (p *process) handshake(ctx context.Context) (string, error) {
	for {
		ended := !p.alive()
		line, err := p.firstLine()
		switch {
		case line != "" || err != nil:
			return line, err
		case ended:
			return "", errors.New("it ended before its handshake")
		}
		select {
		case <-time.After(3 * time.Millisecond):
		case <-ctx.Done():
			return "", fmt.Errorf("no handshake came: %w", ctx.Err())
		}
	}
}

func (p *process) firstLine() (string, error) {
	data, err := os.ReadFile(filepath.Join(p.dir, outFile))
	if err != nil {
		return "", err
	}
	line, _, whole := bytes.Cut(data, []byte("\n"))
	switch {
	case whole && len(line) > 0:
		return string(line), nil
	case whole || len(data) > longestLine:
		return "", errors.New("what it says is no handshake")
	}
	return "", nil
}

// read takes the handshake apart: version of the handshake, version of the plugin protocol, network, address, kind of
// server, and its certificate, of which we asked for none.
func (p *process) read(line string) error {
	parts := strings.Split(strings.TrimSpace(line), "|")
	if len(parts) < 5 || parts[0] != "1" {
		return errors.New("what it says is no handshake")
	}
	protocol, err := strconv.Atoi(parts[1])
	if err != nil || protocol != 5 && protocol != 6 {
		return errors.New("it speaks none of the plugin protocols 5 and 6")
	}
	// Without TLS only the permissions of a socket's folder keep others out.
	if parts[2] != "unix" || parts[4] != "grpc" || len(parts) > 5 && parts[5] != "" {
		return errors.New("it does not serve gRPC on a unix socket")
	}
	p.Protocol, p.Network, p.Address = protocol, parts[2], parts[3]
	return nil
}

// end ends the process and removes what is left of it. Nobody may use it any more.
func (p *process) end() {
	kill(p.PID, p.Start)
	if p.Address != "" && filepath.IsAbs(p.Address) {
		_ = os.Remove(p.Address) // an old plugin does not heed the folder it is given
	}
	if p.Sockets != "" {
		_ = os.RemoveAll(p.Sockets)
	}
	_ = os.RemoveAll(p.dir) // what remains is found by the next daemon
}

// free reports whether no run uses the process.
func (p *process) free() bool {
	f, err := os.OpenFile(filepath.Join(p.dir, useFile), os.O_RDWR, 0)
	if err != nil {
		return os.IsNotExist(err) // too many open files, say, is no sign
	}
	defer f.Close()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

// hold is a use of the process: it lasts until all copies of the file are closed.
func (p *process) hold() (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(p.dir, useFile), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// trim keeps what a plugin says from filling the disk. It appends, so it goes on where the file is cut.
func (p *process) trim() {
	for _, name := range []string{outFile, errFile} {
		path := filepath.Join(p.dir, name)
		if info, err := os.Stat(path); err == nil && info.Size() > longestLog {
			_ = os.Truncate(path, 0)
		}
	}
}
