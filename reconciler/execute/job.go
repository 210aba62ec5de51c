package execute

import (
	"path/filepath"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/warm"
)

// Names of the files of a run, in the folder "run" of its workspace.
const (
	runDir     = "run"
	jobFile    = "job.json"
	eventsFile = "events.jsonl"
	resultFile = "result.json"
	logFile    = "worker.log" // what the worker itself has to say
	stderrFile = "stderr.log" // Terraform's
	lockFile   = "lock"
)

// Kind is what a run does.
type Kind string

// The kinds of run.
const (
	Create  Kind = "create"
	Destroy Kind = "destroy"
	Refresh Kind = "refresh" // the state is compared with the cloud; nothing is changed there
	List    Kind = "list"    // data sources are read, nothing else
)

// What a Report says of plugins.
const (
	PluginsWarm = "warm"
	PluginsCold = "cold"
	PluginsNone = "none"
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
	// Plugins are running provider plugins for the run to use. With any of them the run is never interrupted, only
	// killed at the end of Grace: an interrupt would cancel the operations of all runs that share them.
	Plugins []warm.Attachment `json:"plugins,omitempty"`
	Cold    warm.Reason       `json:"cold,omitempty"` // why Terraform starts (some) plugins itself
}

// Report is what a worker leaves behind at the end of a run.
type Report struct {
	ID     string        `json:"id"`
	Error  string        `json:"error,omitempty"` // empty: Terraform ended with success
	Wall   time.Duration `json:"wall"`
	CPU    time.Duration `json:"cpu"`    // user and system time of Terraform and what it started
	MaxRSS int64         `json:"maxrss"` // bytes, of the worker, Terraform and what it started together
	// Interrupted is when the run was told to end before it was done, because its time was up (TimedOut) or because
	// somebody sent the worker a signal. Zero: it was not.
	Interrupted time.Time `json:"interrupted,omitzero"`
	TimedOut    bool      `json:"timed_out,omitempty"`
	// LetGoOn: it was not interrupted then, because it shared plugins. It ended by itself or was killed.
	LetGoOn bool `json:"let_go_on,omitempty"`
	// Plugins says whether Terraform used running plugins (PluginsWarm), started its own (PluginsCold) or needed none.
	Plugins string `json:"plugins,omitempty"`
	// FellBack says why a run with plugins to use started its own after all.
	FellBack warm.Reason `json:"fell_back,omitempty"`
	// Died are the providers whose plugins no longer served when the run had failed.
	Died []string `json:"died,omitempty"`
	// Killed: the worker died without a report of its own; this one was made up by whoever followed it.
	Killed bool `json:"killed,omitempty"`
}

func runPath(dir, name string) string { return filepath.Join(dir, runDir, name) }
