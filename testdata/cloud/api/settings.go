package api

import "time"

// Settings of a project. They survive the cloud's death.
type Settings struct {
	Token  string  `json:"token,omitempty"` // what clients must show; empty: anything will do
	Quota  Quota   `json:"quota"`
	Pace   Pace    `json:"pace"`
	Faults []Fault `json:"faults,omitempty"` // the first that applies is used
	Seed   uint64  `json:"seed,omitempty"`   // of jitter and of faults with a rate
}

// Quota of a project; zero is no limit.
type Quota struct {
	Instances int `json:"instances,omitempty"`
	Cores     int `json:"cores,omitempty"`
	RAM       int `json:"ram,omitempty"` // MiB
}

// Delay is a time between Fixed and Fixed + Jitter. Durations are nanoseconds in JSON.
type Delay struct {
	Fixed  time.Duration `json:"fixed,omitempty"`
	Jitter time.Duration `json:"jitter,omitempty"`
}

// Pace is how slow a project's cloud is. The first four are the time until a request is answered, the last two what goes
// on after that.
type Pace struct {
	Create   Delay `json:"create,omitzero"`
	Delete   Delay `json:"delete,omitzero"`
	Get      Delay `json:"get,omitzero"`
	List     Delay `json:"list,omitzero"`
	Boot     Delay `json:"boot,omitzero"`     // accepted until ACTIVE or ERROR
	Shutdown Delay `json:"shutdown,omitzero"` // deletion accepted until gone
}

// Op is a kind of request, for pace and faults.
type Op string

// The kinds of request. Every is for faults that strike them all.
const (
	Create Op = "create"
	Delete Op = "delete"
	Get    Op = "get"
	List   Op = "list"
	Every  Op = ""
)

// FaultKind is what goes wrong.
type FaultKind string

// What may go wrong. The first six leave the books as they are.
const (
	Error    FaultKind = "error"    // 500
	NoQuota  FaultKind = "quota"    // 403 with nova's text, whatever the quota is
	Capacity FaultKind = "capacity" // 503 with EC2's text
	Throttle FaultKind = "throttle" // 429 with Retry-After
	Auth     FaultKind = "auth"     // 401
	Hang     FaultKind = "hang"     // never answered, nothing done
	Lost     FaultKind = "lost"     // done, never answered
	Broken   FaultKind = "broken"   // create: ends in ERROR instead of ACTIVE, and is billed
	Vanish   FaultKind = "vanish"   // create: gone After it became ACTIVE, nobody having asked
	Stuck    FaultKind = "stuck"    // accepted and never finished: for ever in BUILD, or in DELETING
)

// Fault is something that goes wrong with requests.
type Fault struct {
	Kind     FaultKind `json:"kind"`
	Op       Op        `json:"op,omitempty"`
	Resource string    `json:"resource,omitempty"` // Instances when empty
	Flavor   string    `json:"flavor,omitempty"`   // only of creations of instances of that flavor
	// Count is how many requests it strikes, then it is over; 0: for ever.
	Count int `json:"count,omitempty"`
	// Rate is the share of requests it strikes, 0 and 1: all.
	Rate       float64       `json:"rate,omitempty"`
	Text       string        `json:"text,omitempty"` // instead of the message the cloud would give
	After      time.Duration `json:"after,omitempty"`
	RetryAfter time.Duration `json:"retry_after,omitempty"` // of throttle; whole seconds, 1 when 0
}

// Books is what the cloud bills: the ground truth of who leaked what.
type Books struct {
	Alive           int     `json:"alive"` // instances, whatever their state
	Created         int     `json:"created"`
	Deleted         int     `json:"deleted"`  // by request
	Vanished        int     `json:"vanished"` // by themselves
	Failed          int     `json:"failed"`   // alive in ERROR
	InstanceSeconds float64 `json:"instance_seconds"`
	Images          int     `json:"images"` // of the projects' own
	Networks        int     `json:"networks"`
	// Requests since the server started, by resource and operation ("instances.create") and by what became of it
	// ("201", "lost").
	Requests map[string]int `json:"requests"`
	// States of what is alive.
	States map[State]int `json:"states"`
}

// Balanced reports whether everything that was made is gone.
func (b Books) Balanced() bool {
	return b.Alive == 0 && b.Created == b.Deleted+b.Vanished && b.Images == 0 && b.Networks == 0
}
