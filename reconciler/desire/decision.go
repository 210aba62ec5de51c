package desire

// Decision is one thing to do. Each is carried out on its own; none waits for another of the same pass.
type Decision interface{ decision() }

// Alloc fills one label of a request: with a READY node, or (Reuse empty) with a new one.
type Alloc struct {
	Label string
	Reuse string // node id
	Zone  string // of the reused node
}

type (
	// Accept takes a request for a pool (4.6.1) and fills it as far as quota allows.
	Accept struct {
		Request string
		PoolKey
		Allocs []Alloc
		Pause  bool // more is wanted than quota allows now
	}
	// Decline refuses a request that was not accepted (4.4).
	Decline struct {
		Request string
		PoolKey
		Reasons []string
	}
	// Fill adds nodes to a handler (4.6.2). With neither Allocs nor a changed Pause it is not sent.
	Fill struct {
		Request string
		Allocs  []Alloc
		Pause   bool
	}
	// GiveUp declines a request after it was accepted (4.6.4 step 6).
	GiveUp struct {
		Request string
		Reasons []string
	}
	// DropAborted forgets nodes that a quota error aborted: unlocked, for the reaper (4.6.4 step 7).
	DropAborted struct {
		Request string
		Nodes   []string
	}
	// Fulfil hands the nodes to the requestor (4.6.4 steps 8 and 9). Nodes are aligned with node_types.
	Fulfil struct {
		Request string
		Nodes   []string
	}
	// Abandon lets go of a handler whose request is gone (4.6.4 step 5).
	Abandon struct{ Request string }
	// Yield gives a request back, undeclined, for other pools or the next launcher (4.12, clean stop), or until a more
	// urgent one that waits for the same quota is served.
	Yield struct{ Request string }
	// Resume takes up a request that this launcher, in an earlier life, was working on.
	Resume struct {
		Request string
		PoolKey
		Nodes []string
	}
	// Reset puts a lost request back to requested (4.9) and frees its nodes, which are all that name it, whatever their state.
	Reset struct {
		Request string
		Nodes   []string
	}
	// Delete destroys a node's resources and its record (4.8 rule 2, max-ready-age, max-hold-age, make-room).
	Delete struct {
		Node   string
		Reason string
	}
	// Deallocate frees a READY node of a request that is gone (4.8 rule 1).
	Deallocate struct{ Node string }
	// Husk removes what is left of a record that was deleted while somebody queued for its lock (3.4).
	Husk struct{ Node string }
	// SetPaused publishes whether a pool is paused.
	SetPaused struct {
		PoolKey
		Paused bool
	}
	// AskMinReady creates a request of our own for a label that has too few ready nodes (4.10).
	AskMinReady struct {
		Label string
		Count int
	}
	// EndMinReady frees the nodes of a finished min-ready request and deletes it.
	EndMinReady struct{ Request string }
)

func (Accept) decision()      {}
func (Decline) decision()     {}
func (Fill) decision()        {}
func (GiveUp) decision()      {}
func (DropAborted) decision() {}
func (Fulfil) decision()      {}
func (Abandon) decision()     {}
func (Yield) decision()       {}
func (Resume) decision()      {}
func (Reset) decision()       {}
func (Delete) decision()      {}
func (Deallocate) decision()  {}
func (Husk) decision()        {}
func (SetPaused) decision()   {}
func (AskMinReady) decision() {}
func (EndMinReady) decision() {}
