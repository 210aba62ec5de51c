package execute

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Names of the files of a run, in the folder "run" of its workspace.
const (
	runDir     = "run"
	jobFile    = "job.json"
	eventsFile = "events.jsonl"
	resultFile = "result.json"
	logFile    = "worker.log"
	lockFile   = "lock"
)

// Kind is what a run does.
type Kind string

// The kinds of run.
const (
	Create  Kind = "create"
	Destroy Kind = "destroy"
)

// Job tells a worker process what to do in its workspace. It holds no secret: it is a file beside the state.
type Job struct {
	ID          string        `json:"id"`
	Exec        string        `json:"exec"` // engine binary
	Kind        Kind          `json:"kind"`
	Slots       []string      `json:"slots"`   // module blocks that this run creates or destroys
	Whole       bool          `json:"whole"`   // destroy: the slots are all there are, so no -target is needed
	Timeout     time.Duration `json:"timeout"` // after it the run is interrupted
	Grace       time.Duration `json:"grace"`   // after an interrupt, before it is killed
	Parallelism int           `json:"parallelism"`
	Started     time.Time     `json:"started"`
}

// Report is what a worker leaves behind at the end of a run.
type Report struct {
	ID          string        `json:"id"`
	Error       string        `json:"error,omitempty"` // empty: Terraform ended with success
	Interrupted bool          `json:"interrupted,omitempty"`
	Killed      bool          `json:"killed,omitempty"`
	Wall        time.Duration `json:"wall"`
	CPU         time.Duration `json:"cpu"`    // user and system time of Terraform and what it started
	MaxRSS      int64         `json:"maxrss"` // bytes, of the largest single process
}

func runPath(dir, name string) string { return filepath.Join(dir, runDir, name) }

// writeJSON replaces a file of a workspace as one step, readable for us alone.
func writeJSON(path string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return WriteFile(path, append(data, '\n'))
}

// WriteFile replaces path with data as one step (temporary file, rename), mode 0600. With the rename the file is
// either the old or the new one for whoever reads it after a crash of this process; it is not synced to disk, because
// a machine that lost its power has lost the run too.
func WriteFile(path string, data []byte) error {
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

func readJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
