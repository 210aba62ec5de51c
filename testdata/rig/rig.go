// Package rig is a launcher under test: the real binary as a process, a real ZooKeeper and a requestor that plays
// Zuul. Tests, cmd/bench and cmd/demo may import it, nothing else.
package rig

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"text/template"

	"github.com/nodepool-tf/nodepool-tf/state/cache"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/testdata/requestor"
)

// Options of a rig.
type Options struct {
	Dir     string   // everything the rig writes, state directory included
	Binary  string   // see Build
	Servers []string // ZooKeeper, host:port
	Chroot  string
	TLS     [3]string // certificate, key and CA files, all empty for a plain connection
	// Config is the part of nodepool.yaml after ZooKeeper and the terraform section: labels and providers.
	Config string
	// Terraform are further settings of the terraform section, as YAML flow ("max-concurrent-applies: 4").
	Terraform string
	Secure    string // secure file, "" for none
	// Timeout is zookeeper-timeout in seconds, default 10.
	Timeout float64
	// Env is added to the environment, "KEY=value".
	Env []string
}

// Rig is a launcher's folder and, between Start and its end, its process.
type Rig struct {
	Options
	ConfigFile string
	StateDir   string

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{}
	err  error
	log  *os.File
}

// Root is the folder of this source tree.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// Module is the absolute path of one of the modules in testdata/modules.
func Module(name string) string { return filepath.Join(Root(), "testdata", "modules", name) }

// Build compiles the binary into dir and returns its path; flags go to go build.
func Build(ctx context.Context, dir string, flags ...string) (string, error) {
	out := filepath.Join(dir, "nodepool-tf")
	cmd := exec.CommandContext(ctx, "go", append(append([]string{"build", "-o", out}, flags...), "./cmd/nodepool-tf")...)
	cmd.Dir = Root()
	if msg, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build nodepool-tf: %w\n%s", err, msg)
	}
	return out, nil
}

var configTemplate = template.Must(template.New("nodepool.yaml").Parse(`zookeeper-timeout: {{.Timeout}}
zookeeper-servers:
{{- range .Hosts}}
  - {host: {{.Host}}, port: {{.Port}}{{if $.Chroot}}, chroot: {{printf "%q" $.Chroot}}{{end}}}
{{- end}}
{{- if index .TLS 0}}
zookeeper-tls: {cert: {{printf "%q" (index .TLS 0)}}, key: {{printf "%q" (index .TLS 1)}}, ca: {{printf "%q" (index .TLS 2)}}}
{{- end}}
webapp: {port: 0, listen_address: 127.0.0.1}
terraform:
  state-dir: {{printf "%q" .StateDir}}
{{- if .Terraform}}
  {{.Terraform}}
{{- end}}
{{.Config}}
`))

type hostPort struct{ Host, Port string }

// New writes the configuration.
func New(o Options) (*Rig, error) {
	if o.Timeout == 0 {
		o.Timeout = 10
	}
	r := &Rig{Options: o, ConfigFile: filepath.Join(o.Dir, "nodepool.yaml"), StateDir: filepath.Join(o.Dir, "state")}
	return r, r.WriteConfig()
}

// WriteConfig writes nodepool.yaml from the options as they are now.
func (r *Rig) WriteConfig() error {
	text, err := r.ConfigText()
	if err != nil {
		return err
	}
	return os.WriteFile(r.ConfigFile, text, 0o600)
}

// ConfigText is nodepool.yaml as WriteConfig writes it.
func (r *Rig) ConfigText() ([]byte, error) {
	var hosts []hostPort
	for _, s := range r.Servers {
		h, p, err := net.SplitHostPort(s)
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, hostPort{h, p})
	}
	var buf bytes.Buffer
	err := configTemplate.Execute(&buf, struct {
		Options
		Hosts    []hostPort
		Chroot   string
		TLS      [3]string
		StateDir string
		Timeout  string
	}{r.Options, hosts, r.Chroot, r.TLS, r.StateDir, fmt.Sprintf("%.1f", r.Timeout)})
	return buf.Bytes(), err
}

// Command is the binary with the rig's configuration and the given arguments.
func (r *Rig) Command(ctx context.Context, args ...string) *exec.Cmd {
	files := []string{"-c", r.ConfigFile}
	if r.Secure != "" {
		files = append(files, "-s", r.Secure)
	}
	cmd := exec.CommandContext(ctx, r.Binary, append(files, args...)...)
	cmd.Env = append(os.Environ(), r.Env...)
	return cmd
}

// LogFile is where all launchers of the rig log to.
func (r *Rig) LogFile() string { return filepath.Join(r.Dir, "launcher.log") }

// Log is what the launchers of the rig have logged so far.
func (r *Rig) Log() string {
	data, _ := os.ReadFile(r.LogFile())
	return string(data)
}

// Start runs the launcher.
func (r *Rig) Start(args ...string) error {
	log, err := os.OpenFile(r.LogFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	cmd := r.Command(context.Background(), append([]string{"launcher"}, args...)...)
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		log.Close()
		return err
	}
	done := make(chan struct{})
	r.mu.Lock()
	r.cmd, r.done, r.log = cmd, done, log
	r.mu.Unlock()
	go func() {
		err := cmd.Wait()
		r.mu.Lock()
		r.err = err
		r.mu.Unlock()
		log.Close()
		close(done)
	}()
	return nil
}

// Pid of the running launcher.
func (r *Rig) Pid() int { return r.cmd.Process.Pid }

// Web is the address of the newest launcher's web pages, "" until its log tells.
func (r *Rig) Web() string {
	log := r.Log()
	_, after, ok := strings.Cut(log[max(0, strings.LastIndex(log, `msg="web pages"`)):], "address=")
	address, _, whole := strings.Cut(after, "\n")
	if !ok || !whole {
		return ""
	}
	return strings.TrimSpace(address)
}

// Running reports whether the launcher was started and has not ended.
func (r *Rig) Running() bool {
	if r.cmd == nil {
		return false
	}
	select {
	case <-r.done:
		return false
	default:
		return true
	}
}

// Signal sends the launcher a signal.
func (r *Rig) Signal(s syscall.Signal) error { return r.cmd.Process.Signal(s) }

// Wait returns the launcher's exit error once it has ended.
func (r *Rig) Wait(ctx context.Context) error {
	select {
	case <-r.done:
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.err
	case <-ctx.Done():
		return fmt.Errorf("launcher did not end: %w", ctx.Err())
	}
}

// Kill ends the launcher as a crash would.
func (r *Rig) Kill() {
	_ = r.Signal(syscall.SIGKILL)
	<-r.done
}

// Stop ends the launcher as an operator does and kills it when ctx ends first.
func (r *Rig) Stop(ctx context.Context) error {
	_ = r.Signal(syscall.SIGTERM)
	if err := r.Wait(ctx); err != nil {
		r.Kill()
		return err
	}
	return nil
}

// Close makes sure that nothing of the rig runs any more, workers and provider plugins included.
func (r *Rig) Close() {
	if r.Running() {
		r.Kill()
	}
	for _, pid := range r.Workers() {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	for _, pid := range r.Plugins() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	_ = EndProcesses(r.StateDir) // plugins that a run has started for itself outlive it
}

// Plugins are the pids of the provider plugins that the launcher keeps running.
func (r *Rig) Plugins() []int {
	var pids []int
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, l := range links {
		cwd, err := os.Readlink(l)
		if err != nil || !strings.HasPrefix(cwd, filepath.Join(r.StateDir, "plugins")+"/") {
			continue
		}
		var pid int
		if _, err := fmt.Sscanf(l, "/proc/%d/cwd", &pid); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Workers are the pids of the worker processes in the rig's state directory.
func (r *Rig) Workers() []int {
	var pids []int
	entries, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, e := range entries {
		data, err := os.ReadFile(e)
		if err != nil {
			continue
		}
		args := strings.Split(string(data), "\x00")
		if len(args) > 2 && args[1] == "worker" && strings.HasPrefix(args[2], r.StateDir) {
			var pid int
			if _, err := fmt.Sscanf(e, "/proc/%d/cmdline", &pid); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// Workspaces counts the workspace folders.
func (r *Rig) Workspaces() int {
	entries, _ := os.ReadDir(filepath.Join(r.StateDir, "workspaces"))
	return len(entries)
}

// Requestor connects a requestor to the rig's ZooKeeper. The session ends with ctx.
func (r *Rig) Requestor(ctx context.Context, onChange func(cache.Event)) (*requestor.Requestor, *session.Session, error) {
	s, err := r.Session(ctx)
	if err != nil {
		return nil, nil, err
	}
	q, err := requestor.New(ctx, s, onChange)
	if err != nil {
		s.Close()
		return nil, nil, err
	}
	return q, s, nil
}

// Session connects to the rig's ZooKeeper.
func (r *Rig) Session(ctx context.Context) (*session.Session, error) {
	o := session.Options{Servers: r.Servers, Chroot: r.Chroot, Logger: slog.New(slog.DiscardHandler)}
	if r.TLS != ([3]string{}) {
		tc, err := session.LoadTLS(r.TLS[0], r.TLS[1], r.TLS[2])
		if err != nil {
			return nil, err
		}
		o.TLS = tc
	}
	return session.Connect(ctx, o)
}
