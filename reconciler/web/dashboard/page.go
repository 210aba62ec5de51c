package dashboard

import (
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
)

// Page is the view model: all that the templates show, in the words they show it in.
type Page struct {
	Version, Host string
	Up            *Moment // since the process began to serve
	Session       string  // a status.SessionState
	Config        *Moment // when what runs was loaded
	At            Moment
	URL           string
	Abilities

	Alerts   []Alert
	States   States
	Pools    Pools
	Requests Requests
	Runs     Runs
	Failures Failures
	Nodes    Nodes
}

// Abilities are what the page offers besides showing.
type Abilities struct {
	Preview bool // of a provider's plan
	Admin   bool // hold and delete nodes
}

// Alert is something that an operator should know before reading on.
type Alert struct {
	Level string // "bad", "warn" or "note"
	Title string
	Text  string
	Since *Moment
}

// newPage is everything there is to see of a snapshot at a query. It costs time in proportion to the fleet: nodes are
// filtered and sorted. live is for the stream, see Moment.
func newPage(s *status.Snapshot, q Query, a Abilities, live bool) *Page {
	c := clock{now: s.At, live: live}
	p := &Page{
		Version: word(s.Version), Host: word(s.Host), Session: string(s.Session), URL: q.URL(), At: *c.moment(orNow(s.At)),
		Up: c.moment(s.Started), Config: c.moment(s.Config.Loaded), Abilities: a, Alerts: alerts(s, c),
	}
	p.States = newStates(s, q)
	p.Pools = newPools(s, q, c)
	p.Requests = newRequests(s, q, c)
	p.Runs = newRuns(s, c)
	p.Failures = newFailures(s, c)
	p.Nodes = newNodes(s, q, c, a.Admin)
	return p
}

func orNow(t time.Time) time.Time {
	if t.IsZero() {
		return time.Now()
	}
	return t
}

func alerts(s *status.Snapshot, c clock) (all []Alert) {
	switch s.Session {
	case status.Suspended:
		all = append(all, Alert{"bad", "ZooKeeper does not answer", "What is shown is from before the connection was lost. Runs under way go on; the launcher reconnects by itself.", nil})
	case status.Connecting:
		all = append(all, Alert{"bad", "No connection to ZooKeeper", "Nodes and requests are not known until there is one. Look at zookeeper-servers, zookeeper-tls and the servers themselves.", nil})
	}
	if s.Draining {
		all = append(all, Alert{"warn", "The launcher is stopping", "What it has in hand is finished; it accepts nothing new.", nil})
	}
	if s.Config.LastError != "" {
		all = append(all, Alert{"warn", "The changed configuration is not in use", block(s.Config.LastError) + "\nWhat was loaded before stays in force. Check the file with nodepool-tf config-validate.", c.moment(s.Config.LastFailed)})
	}
	if need := s.Config.NeedRestart; len(need) > 0 {
		all = append(all, Alert{"note", "Some changes take effect at the next start", word(strings.Join(need, ", ")), nil})
	}
	for _, w := range s.Warnings() {
		all = append(all, Alert{"warn", w.Title, block(w.Text), nil})
	}
	for _, l := range s.Leaks {
		if l.Left > 0 {
			all = append(all, Alert{"note", plural(l.Left, "leaked resource", "leaked resources"), word(l.Type) + " of provider " + word(l.Provider) + ": they carry our tags and belong to no node. nodepool-tf alien-list shows them.", nil})
		}
	}
	return all
}
