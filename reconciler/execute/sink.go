package execute

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// sink takes a run's event stream to its file. It never fails: terraform-exec stops reading when a writer does, and
// Terraform would then hang on its full pipe until the run's timeout. What a full disk does not take waits in memory.
type sink struct {
	mu      sync.Mutex
	f       *os.File
	begun   bool // some resource operation has begun
	pending []byte
	state   json.RawMessage // Terraform's emergency dump: it could not write its state anywhere
}

// maxPending bounds what waits in memory; events beyond it are lost, which costs at most an early hand-off.
const maxPending = 16 << 20

func newSink(path string) (*sink, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	return &sink{f: f}, err
}

// Write takes one line, as terraform-exec hands them over.
func (s *sink) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun = s.begun || bytes.Contains(line, []byte(`"type":"apply_start"`))
	if dump := emergencyState(line); dump != nil {
		s.state = dump
	} else if len(s.pending)+len(line) <= maxPending {
		s.pending = append(s.pending, line...)
	}
	_ = s.drain()
	return len(line), nil
}

// say adds an event of our own.
func (s *sink) say(kind, reason string) {
	line, err := json.Marshal(map[string]any{"type": kind, "@timestamp": time.Now().Format(time.RFC3339Nano), "reason": reason})
	if err == nil {
		_, _ = s.Write(append(line, '\n')) // never fails
	}
}

// quiet reports whether no resource operation has begun yet.
func (s *sink) quiet() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.begun
}

func (s *sink) drain() error {
	n, err := s.f.Write(s.pending)
	s.pending = s.pending[n:]
	return err
}

// flush writes what is left, and an emergency dump to where ReadState looks for it.
func (s *sink) flush(dir string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != nil {
		if err := WriteDurable(filepath.Join(dir, erroredFile), s.state); err != nil {
			return err
		}
		s.state = nil
	}
	return s.drain()
}

func (s *sink) close() { s.f.Close() }

// emergencyState is the state that Terraform prints when it can write it nowhere.
func emergencyState(line []byte) json.RawMessage {
	if !bytes.Contains(line, []byte(`"Emergency state dump"`)) {
		return nil
	}
	var raw struct {
		State json.RawMessage `json:"state"`
	}
	if json.Unmarshal(line, &raw) != nil {
		return nil
	}
	if _, err := ParseState(raw.State); err != nil {
		return nil
	}
	return raw.State
}

// unfailing is a writer whose errors nobody needs.
type unfailing struct{ w io.Writer }

func (u unfailing) Write(p []byte) (int, error) {
	_, _ = u.w.Write(p)
	return len(p), nil
}
