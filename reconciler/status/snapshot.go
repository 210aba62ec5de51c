package status

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/warm"
	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Snapshot is all that a launcher knows at one moment: what its pages, health checks and metrics show. One value is shared
// by everybody who asks within a second, so neither it nor anything it points to may be changed.
//
// Records may hold secrets (connection_port of a pod, driver_data): show a node as NodeTable does. Texts of failures
// have them taken out as in the log.
type Snapshot struct {
	At      time.Time // whatever happened before is in it
	Version string    // "nodepool-tf 1.2.3"
	Host    string    // fully qualified, as in pool ids
	// Started is when the process began to serve.
	Started  time.Time
	Draining bool // it was told to stop
	Session  SessionState
	Config   Config

	// Nodes and Requests are all those in ZooKeeper, whoever made them, by id. Empty unless Session.Known.
	Nodes    []Node
	Requests []Request
	// Pools are those of the configuration, in its order.
	Pools []Pool
	// Registered are all pools that live launchers announce, ours included, by id.
	Registered []*record.Pool
	Tenants    []Tenant   // those with limits, by name
	Unserved   []Unserved // by name
	Stuck      []Stuck    // by workspace
	Providers  []Provider
	Runs       []workspace.Run // under way, oldest first
	// Failures are the newest ones, newest first, at most MostFailures.
	Failures   []Failure
	Leaks      []Leak
	Workspaces workspace.Stats
	Plugins    warm.Stats
}

// Uptime of the process.
func (s *Snapshot) Uptime() time.Duration { return max(0, s.At.Sub(s.Started)) }

// SessionState says how the launcher stands with ZooKeeper.
type SessionState string

// The states. Only in the first is what a snapshot shows known to be current.
const (
	Connected  SessionState = "connected"
	Suspended  SessionState = "suspended"  // no connection, the session may come back; what was known is shown
	Connecting SessionState = "connecting" // no session: nothing is known of nodes and requests
)

// Known reports whether a snapshot shows nodes and requests.
func (s SessionState) Known() bool { return s == Connected || s == Suspended }

// Config says which configuration is in force, and whether the files hold another that cannot be used.
type Config struct {
	File   string    // main file
	Hash   string    // of the one in force, see config.Config
	Loaded time.Time // when that came into force
	// LastError says why the files as they are now are not in force, "" when they are. LastFailed is when files were last
	// found to be of no use, zero for never.
	LastError  string
	LastFailed time.Time
	// NeedRestart lists the options that the files change and that only a restart takes up.
	NeedRestart []string
	// Warnings say what is suspicious in the one in force: "file:line:column: option: code: text".
	Warnings []string
	// Outcomes counts the loads since the start by what became of them: success, failure.
	Outcomes map[string]int
}

// Node is a node's record and its lock.
type Node struct {
	*record.Node
	// Locked means that the lock has a contender. LockKnown is false where only a look into ZooKeeper tells: Locked is
	// then what the state suggests.
	Locked, LockKnown bool
}

// Request is a request's record and what this launcher makes of it.
type Request struct {
	*record.Request
	Age time.Duration // since its creation
	// Provider and Pool are of the pool of ours that works on it, "" for none.
	Provider, Pool string
	// Ready counts the nodes of it that are ready, of len(NodeTypes).
	Ready int
	// Waits says what an unfinished request waits for, "" where that is not known here.
	Waits string
}

// Pool is a pool of the configuration.
type Pool struct {
	Provider, Name string
	ID             string // under which it is registered
	Labels         []string
	Priority       int
	Registered     bool
	Paused         bool // as published: more is wanted than fits
	// Limits are the pool's own, by resource (instances, cores, ram in MiB, ...); one that is missing is infinite. Used
	// is what counts against them.
	Limits, Used map[string]float64
	// QuotaRefused is until when the pool waits because its cloud refused for quota, zero when it does not.
	QuotaRefused time.Time
	Stopped      []StoppedLabel // by label
}

// StoppedLabel is a label whose credentials or configuration were refused.
type StoppedLabel struct {
	Label, Reason string
	Until         time.Time
}

// Tenant is a tenant with limits.
type Tenant struct {
	Name         string
	Limits, Used map[string]float64
}
