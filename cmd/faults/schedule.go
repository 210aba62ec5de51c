package main

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// Op is a kind of fault.
type Op string

// The kinds of fault.
const (
	Kill          Op = "kill"           // kill -9 of the launcher, started again after For
	Term          Op = "term"           // SIGTERM, the launcher drains, started again after For
	TermTwice     Op = "term-twice"     // a second SIGTERM while it drains
	HostLost      Op = "host-lost"      // kill -9 of the launcher and all it started, and its state directory is gone
	KillTerraform Op = "kill-terraform" // kill -9 of a Terraform
	KillPlugin    Op = "kill-plugin"    // kill -9 of a provider plugin
	KillServer    Op = "kill-server"    // kill -9 of a ZooKeeper server, started again after For
	Expire        Op = "expire"         // the launcher's session is ended behind its back
	Partition     Op = "partition"      // no ZooKeeper server can be reached from the launcher
	DiskFull      Op = "disk-full"      // the state directory's disk is full
	Refuse        Op = "refuse"         // the state directory refuses writes
	Clock         Op = "clock"          // the launcher's wall clock jumps
	Cloud         Op = "cloud"          // the cloud misbehaves, see Fault
	Reload        Op = "reload"         // the launcher's configuration changes, and comes back after For
	KillPython    Op = "kill-python"    // kill -9 of Nodepool's launcher beside ours, started again after For
	MachineDown   Op = "machine-down"   // a machine of the static provider does not answer
)

// Event is one fault: what happens, when, and for how long.
type Event struct {
	At, For  time.Duration // since the start
	Op       Op
	Launcher int           `json:",omitempty"` // which one
	Leader   bool          `json:",omitempty"` // KillServer: the leader, else a follower
	Room     int           `json:",omitempty"` // DiskFull: KiB that stay free
	Skew     time.Duration `json:",omitempty"` // Clock: ahead of the true time until the next jump
	Pick     uint32        `json:",omitempty"` // which of those there are at the time, modulo their number
	Change   string        `json:",omitempty"` // Reload: one of changes
	Fault    *api.Fault    `json:",omitempty"` // Cloud
}

func (e Event) String() string {
	text := fmt.Sprintf("%6.1f s  %-14s", e.At.Seconds(), e.name())
	if e.For > 0 {
		text += fmt.Sprintf(" for %4.1f s", e.For.Seconds())
	}
	switch e.Op {
	case KillServer:
		text += map[bool]string{true: ", the leader", false: ", a follower"}[e.Leader]
	case DiskFull:
		text += fmt.Sprintf(", %d KiB stay free", e.Room)
	case Reload:
		text += ", " + e.Change
	case Clock:
		text += fmt.Sprintf(" to %+d s", int(e.Skew.Seconds()))
	case Cloud:
		text += fmt.Sprintf(", %.0f %% of %q", 100*e.Fault.Rate, e.Fault.Op)
	}
	if e.Launcher > 0 {
		text += fmt.Sprintf(", launcher %d", e.Launcher+1)
	}
	return text
}

// name is what -without takes: the op, or the kind of fault in the cloud.
func (e Event) name() string {
	if e.Op == Cloud {
		return "cloud-" + string(e.Fault.Kind)
	}
	return string(e.Op)
}

// plan is all that a schedule is a function of.
type plan struct {
	Seed      uint64
	For       time.Duration // faults end by then
	Launchers int
	Dense     bool // the bounded form: the same faults in quicker succession
	Python    bool // Nodepool's launcher is there
	Without   []string
}

// opNames are all that Without may hold.
func opNames() []string {
	var names []string
	for _, l := range lanes {
		for _, c := range l.ops {
			e := Event{Op: c.op, Fault: &api.Fault{Kind: c.fault}}
			names = append(names, e.name())
		}
	}
	return names
}

// schedule is the faults of a plan in the order of their beginning. It is pure: the same plan gives the same events, and
// leaving out a kind of fault moves no other.
func schedule(p plan) []Event {
	var all []Event
	for _, l := range lanes {
		all = append(all, l.events(p)...)
	}
	all = slices.DeleteFunc(all, func(e Event) bool {
		return slices.Contains(p.Without, e.name()) || e.Op == HostLost && p.Launchers < 2 || e.Op == KillPython && !p.Python
	})
	slices.SortStableFunc(all, func(a, b Event) int { return cmp.Compare(a.At, b.At) })
	return all
}

func (l lane) events(p plan) []Event {
	h := fnv.New64a()
	h.Write([]byte(l.name))
	r := rand.New(rand.NewPCG(p.Seed, h.Sum64()))
	gap := l.gap
	if p.Dense {
		gap.from, gap.to = gap.from/4, gap.to/4
	}
	var events []Event
	// Its first event comes anywhere within a gap, so that lanes do not march in step.
	for at := (span{second, gap.to}).draw(r); ; at += gap.draw(r) {
		e := l.event(r, p.Launchers)
		e.At = at
		if at += e.For; at > p.For {
			return events
		}
		events = append(events, e)
	}
}

// event draws one. It draws the same number of times whatever comes out, so that a plan with more launchers is much the
// same.
func (l lane) event(r *rand.Rand, launchers int) Event {
	total := 0
	for _, c := range l.ops {
		total += c.weight
	}
	n, i := r.IntN(total), 0
	for n >= l.ops[i].weight {
		n -= l.ops[i].weight
		i++
	}
	c := l.ops[i]
	length, victim, pick, share := l.length.draw(r), r.Uint32(), r.Uint32(), r.Float64()
	e := Event{Op: c.op, Launcher: int(victim % uint32(max(1, launchers))), Pick: pick}
	if !slices.Contains(l.instants, c.op) {
		e.For = length
	}
	switch c.op {
	case KillServer:
		e.Leader, e.Launcher = share < 0.5, 0
	case MachineDown, KillPython:
		e.Launcher = 0
	case Reload:
		e.Change = changes[int(share*float64(len(changes)))]
	case DiskFull:
		e.Room = int(pick % 512)
	case Clock:
		e.Skew = skewOf(pick, share)
	case Cloud:
		e.Launcher = 0
		e.Fault = &api.Fault{Kind: c.fault, Op: c.on[int(pick)%len(c.on)], Rate: float64(int(30+70*share)) / 100}
		if c.fault == api.Vanish {
			e.Fault.After = time.Duration(pick%5000) * time.Millisecond
		}
	}
	return e
}

// skewOf is how far off a clock jumps: seconds, hours or weeks, either way, or back to the true time.
func skewOf(pick uint32, share float64) time.Duration {
	far := []time.Duration{0, 30 * second, 3 * time.Hour, 20 * 24 * time.Hour}[pick%4]
	d := time.Duration(share * float64(far)).Truncate(second)
	if pick&4 != 0 {
		return -d
	}
	return d
}
