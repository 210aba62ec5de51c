package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/testdata/demo"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
)

// label is what the demo asks for; spare, in a soak only, is a second one with nodes kept ready.
const (
	label = "sshd"
	spare = "spare"
)

// world is everything that runs for the demo.
type world struct {
	show *screen
	soak bool       // with the label spare
	dir  string     // everything on disk, the nodes' folders too
	key  ssh.Signer // logs into the nodes

	binary, config string
	zk             *zkserver.Server
	zuulSession    *session.Session
	tree           *tree
	daemon         *daemon

	undo []func() error // in reverse order
}

// nodesDir holds a folder per node.
func (w *world) nodesDir() string { return filepath.Join(w.dir, "nodes") }

// stateDir is the daemon's state-dir.
func (w *world) stateDir() string { return filepath.Join(w.dir, "state") }

// build brings everything up to the point where the daemon has announced its label.
func (w *world) build(ctx context.Context, o options) error {
	var err error
	if w.binary, err = filepath.Abs(o.daemon); err != nil {
		return err
	}
	if _, err := os.Stat(w.binary); err != nil {
		return fmt.Errorf("the daemon's binary is missing, run `make build`: %w", err)
	}
	terraform, err := tools(ctx, w.show)
	if err != nil {
		return err
	}
	if w.dir, err = os.MkdirTemp("", "nodepool-tf-demo-"); err != nil {
		return err
	}
	w.onClose(func() error { return os.RemoveAll(w.dir) })
	w.onClose(func() error { return rig.EndProcesses(w.dir) })

	if err := w.startZooKeeper(ctx); err != nil {
		return err
	}
	if w.config, err = w.configure(terraform); err != nil {
		return err
	}
	start := time.Now()
	if err := w.startDaemon(); err != nil {
		return err
	}
	w.onClose(func() error { return w.daemon.stop() }) // whichever runs then
	if err := w.tree.offered(ctx, label, w.daemon); err != nil {
		return err
	}
	w.show.fact("daemon", "pid %d, offers label %q after %s", w.daemon.pid(), label, ms(time.Since(start)))
	w.show.fact("", "module testdata/demo/sshd: each node is an OpenSSH server on its own 127.x.y.z")
	return nil
}

// startZooKeeper runs a server and opens two sessions: one for Zuul, one to look on.
func (w *world) startZooKeeper(ctx context.Context) error {
	start := time.Now()
	var err error
	if w.zk, err = zkserver.Start(ctx, filepath.Join(w.dir, "zookeeper"), zkserver.Options{}); err != nil {
		return fmt.Errorf("start ZooKeeper: %w", err)
	}
	w.onClose(func() error { w.zk.Stop(); return nil })
	connect := func() (*session.Session, error) {
		s, err := session.Connect(ctx, session.Options{Servers: []string{w.zk.Addr}, Logger: slog.New(slog.DiscardHandler)})
		if err == nil {
			w.onClose(func() error { s.Close(); return nil })
		}
		return s, err
	}
	if w.zuulSession, err = connect(); err != nil {
		return err
	}
	// Zuul makes these two when it starts.
	for _, path := range []string{requestsPath, nodesPath} {
		if err := w.zuulSession.EnsurePath(ctx, path); err != nil {
			return err
		}
	}
	onlooker, err := connect()
	if err != nil {
		return err
	}
	if w.tree, err = watchTree(ctx, onlooker, w.show); err != nil {
		return err
	}
	w.onClose(w.tree.close)
	w.show.fact("zookeeper", "%s, up after %s", w.zk.Addr, ms(time.Since(start)))
	return nil
}

// configure writes the module, a key to log in with and nodepool.yaml; it returns the last one's path.
func (w *world) configure(terraform string) (string, error) {
	if err := os.CopyFS(filepath.Join(w.dir, "modules"), demo.Module); err != nil {
		return "", err
	}
	if err := os.Mkdir(w.nodesDir(), 0o700); err != nil {
		return "", err
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	if w.key, err = ssh.NewSignerFromKey(private); err != nil {
		return "", err
	}
	me, err := user.Current()
	if err != nil {
		return "", err
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	host, zkPort, err := net.SplitHostPort(w.zk.Addr)
	if err != nil {
		return "", err
	}
	text := configuration + strings.ReplaceAll(labelConfiguration, "LABEL", label)
	names := "  - name: " + label
	if w.soak {
		text += strings.ReplaceAll(labelConfiguration, "LABEL", spare)
		names += "\n  - {name: " + spare + ", min-ready: 2}"
	}
	text = strings.NewReplacer(
		"HOST", host, "ZKPORT", zkPort, "TERRAFORM", terraform, "STATE", w.stateDir(), "USER", me.Username,
		"NODES", w.nodesDir(), "SSHPORT", fmt.Sprint(port), "LABELS", names,
		"KEY", strings.TrimSpace(string(ssh.MarshalAuthorizedKey(w.key.PublicKey()))),
	).Replace(text)
	path := filepath.Join(w.dir, "nodepool.yaml")
	return path, os.WriteFile(path, []byte(text), 0o600)
}

const configuration = `zookeeper-servers:
  - {host: HOST, port: ZKPORT}
webapp: {port: 0, listen_address: 127.0.0.1}
labels:
LABELS
terraform:
  exec-path: TERRAFORM
  state-dir: STATE
providers:
  - name: loopback
    driver: terraform
    module: {source: ./modules/sshd}
    outputs:
      interface_ip: output.address
      external_id: output.id
      connection_port: output.port
    pools:
      - name: main
        max-servers: 20
        labels:
`

const labelConfiguration = `          - name: LABEL
            username: USER
            inputs:
              name: "${node.hostname}"
              number: "${node.id}"
              folder: NODES
              port: SSHPORT
              authorized_key: KEY
`

// freePort finds a port that nobody uses on any loopback address.
func freePort() (int, error) {
	l, err := net.Listen("tcp4", ":0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (w *world) onClose(f func() error) { w.undo = append(w.undo, f) }

// close ends and removes everything, the last thing first.
func (w *world) close() error {
	w.show.flush()
	var errs []error
	for len(w.undo) > 0 {
		last := len(w.undo) - 1
		errs = append(errs, w.undo[last]())
		w.undo = w.undo[:last]
	}
	return errors.Join(errs...)
}

// daemonLog is the end of the daemon's log, "" when it never ran.
func (w *world) daemonLog(lines int) string {
	if w.daemon == nil {
		return ""
	}
	return w.daemon.tail(lines)
}
