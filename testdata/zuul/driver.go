package zuul

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"strings"
	"sync"
)

// Options say how Zuul reaches ZooKeeper.
type Options struct {
	Hosts  string    // host:port[,host:port...][/chroot]
	TLS    [3]string // certificate, key and CA files; all empty means a plain connection
	Stderr io.Writer // Python's log and tracebacks; nil means they only appear in errors
}

// Driver is a running driver.py: one Zuul with a scheduler and an executor. Its methods may be
// called concurrently; each Do waits for its own reply.
type Driver struct {
	// SystemID is what this Zuul writes as requestor.
	SystemID string

	cmd   *exec.Cmd
	stdin io.WriteCloser
	dir   string
	log   *tail

	mu      sync.Mutex
	next    int
	waiting map[int]chan json.RawMessage
	exited  chan struct{}
	err     error // set before exited is closed
}

// Start runs driver.py with the Python that Venv returned, until Close or ctx ends.
func Start(ctx context.Context, python string, opts Options) (*Driver, error) {
	dir, err := os.MkdirTemp("", "nodepool-tf-zuul-")
	if err != nil {
		return nil, err
	}
	script, _, err := Scripts(dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	args := []string{"-B", script, "--hosts", opts.Hosts}
	if opts.TLS != [3]string{} {
		args = append(args, "--tls", opts.TLS[0], opts.TLS[1], opts.TLS[2])
	}
	d := &Driver{dir: dir, log: &tail{also: opts.Stderr}, waiting: map[int]chan json.RawMessage{}, exited: make(chan struct{})}
	d.cmd = exec.CommandContext(ctx, python, args...)
	d.cmd.Stderr = d.log
	if d.stdin, err = d.cmd.StdinPipe(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	stdout, err := d.cmd.StdoutPipe()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	greeting := make(chan json.RawMessage, 1)
	d.waiting[0] = greeting
	if err := d.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start Zuul's driver: %w", err), os.RemoveAll(dir))
	}
	go d.read(stdout)

	select {
	case <-greeting:
		return d, nil
	case <-d.exited:
		return nil, errors.Join(d.failure("start"), os.RemoveAll(dir))
	}
}

// read hands each reply to the Do that waits for it.
func (d *Driver) read(stdout io.Reader) {
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var head struct {
			ID       int    `json:"id"`
			SystemID string `json:"system_id"`
		}
		if json.Unmarshal(lines.Bytes(), &head) != nil {
			continue
		}
		d.mu.Lock()
		if head.SystemID != "" {
			d.SystemID = head.SystemID
		}
		if reply, ok := d.waiting[head.ID]; ok {
			reply <- bytes.Clone(lines.Bytes())
			delete(d.waiting, head.ID)
		}
		d.mu.Unlock()
	}
	d.err = d.cmd.Wait()
	close(d.exited)
}

// Do sends one command with its arguments and decodes the reply into reply (a pointer, or nil).
// The commands are the methods of class Commands in driver.py. An exception in Zuul is an error
// that names it.
func (d *Driver) Do(ctx context.Context, command string, args map[string]any, reply any) error {
	d.mu.Lock()
	d.next++
	id := d.next
	answer := make(chan json.RawMessage, 1)
	d.waiting[id] = answer
	message := maps.Clone(args)
	if message == nil {
		message = map[string]any{}
	}
	message["id"], message["cmd"] = id, command
	line, err := json.Marshal(message)
	if err == nil {
		_, err = d.stdin.Write(append(line, '\n'))
	}
	d.mu.Unlock()
	if err != nil {
		return fmt.Errorf("send %s to Zuul's driver: %w", command, err)
	}

	select {
	case <-ctx.Done():
		return fmt.Errorf("zuul's %s: %w", command, ctx.Err())
	case <-d.exited:
		return d.failure(command)
	case raw := <-answer:
		var head struct {
			OK    bool   `json:"ok"`
			Error string `json:"error"`
		}
		if err := json.Unmarshal(raw, &head); err != nil {
			return fmt.Errorf("zuul's %s: %w", command, err)
		}
		if !head.OK {
			return fmt.Errorf("zuul's %s: %s", command, head.Error)
		}
		if reply == nil {
			return nil
		}
		return json.Unmarshal(raw, reply)
	}
}

func (d *Driver) failure(during string) error {
	return fmt.Errorf("zuul's driver ended during %s: %v\n%s", during, d.err, d.log)
}

// Close ends Zuul cleanly: its sessions are closed and its locks released.
func (d *Driver) Close() error {
	err := d.stdin.Close()
	<-d.exited
	return errors.Join(err, d.err, os.RemoveAll(d.dir))
}

// Kill ends Zuul as a lost machine does: its locks stay until its sessions expire.
func (d *Driver) Kill() error {
	err := d.cmd.Process.Kill()
	<-d.exited
	return errors.Join(err, os.RemoveAll(d.dir))
}

// tail keeps the end of what was written to it.
type tail struct {
	also io.Writer
	mu   sync.Mutex
	last []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.also != nil {
		_, _ = t.also.Write(p)
	}
	t.last = append(t.last, p...)
	if over := len(t.last) - 8<<10; over > 0 {
		t.last = t.last[over:]
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.last))
}
