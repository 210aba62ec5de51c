package explain

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Report is all that is told of a request or node.
type Report struct {
	Kind  string  `json:"kind"` // request or node
	ID    string  `json:"id"`
	State string  `json:"state"` // gone, when only the launcher's journal knows it
	Age   float64 `json:"state_age_seconds"`
	// Says is what the record tells in words. What the rules tell is in Request, and better in Daemon.Request.
	Says    []string `json:"says"`
	Request *Request `json:"request,omitempty"`
	Nodes   []string `json:"nodes,omitempty"` // of a request
	Places  []Place  `json:"workspaces,omitempty"`
	Daemon  *Daemon  `json:"launcher,omitempty"`
	// Silent says why there is nothing of the launcher's.
	Silent string   `json:"launcher_silent,omitempty"`
	Next   []string `json:"next"`
}

// Gone is a report of what has no record any more.
func Gone(id string) *Report {
	kind := "node"
	if strings.Contains(id, "-") {
		kind = "request"
	}
	return &Report{Kind: kind, ID: id, State: "gone", Says: []string{"there is no such " + kind + " in ZooKeeper: it is over, or never was"}, Next: []string{"nodepool-tf list", "nodepool-tf request-list"}}
}

// AboutRequest explains a request.
func AboutRequest(r *record.Request, w *World, c *config.Config) *Report {
	v := w.View(c)
	of := OfRequest(v, r.ID)
	rep := &Report{Kind: "request", ID: r.ID, State: string(r.State), Age: age(r.StateTime, w.Now), Request: &of, Next: []string{"nodepool-tf request-list"}}
	rep.say("it asks for %s", asks(r))
	switch r.State {
	case record.RequestRequested:
		var away []string
		for key, id := range v.Own {
			if strings.HasPrefix(id, unregistered) {
				away = append(away, key.Provider+"/"+key.Pool)
			}
		}
		if len(away) > 0 {
			slices.Sort(away)
			rep.say("no running launcher has registered %s: nothing happens there until one is started (`nodepool-tf launcher`); below is what it would do", strings.Join(away, ", "))
		}
	case record.RequestPending:
		if of.Hand == "" {
			rep.say("a launcher has accepted it and has no node for it yet; if that launcher is gone, another puts it back within a minute")
		}
	case record.RequestFulfilled:
		rep.say("it has its nodes (%s); Zuul takes them when its job starts", strings.Join(r.Nodes, ", "))
	case record.RequestFailed:
		rep.say("every pool that was registered declined it: Zuul reports NODE_FAILURE. %s", offered(r, w.Pools))
	}
	for _, n := range w.Nodes {
		if n.AllocatedTo == r.ID {
			rep.Nodes = append(rep.Nodes, n.ID)
			rep.say("%s", labelled(n, w.Locked[n.ID]))
			rep.Next = append(rep.Next, "nodepool-tf explain "+n.ID)
		}
	}
	return rep
}

// offered tells which pools could have served a request that failed: the others' refusals are no news.
func offered(r *record.Request, pools []*record.Pool) string {
	var offer []*record.Pool
	for _, p := range pools {
		if !slices.ContainsFunc(r.NodeTypes, func(label string) bool { return !slices.Contains(p.SupportedLabels, label) }) {
			offer = append(offer, p)
		}
	}
	if len(offer) == 0 {
		return "No pool that is registered now offers all its labels: look for them in the launchers' configurations"
	}
	return "Its labels are offered by " + strings.Join(poolNames(offer), ", ") + ": `request declined` in that launcher's log says why"
}

// AboutNode explains a node; keeper says who destroys it.
func AboutNode(n *record.Node, keeper string, w *World, c *config.Config) *Report {
	request := slices.ContainsFunc(w.Requests, func(r *record.Request) bool { return r.ID == n.AllocatedTo })
	rep := &Report{Kind: "node", ID: n.ID, State: string(n.State), Age: age(n.StateTime, w.Now), Next: nodeNext(n)}
	rep.say("%s", labelled(n, w.Locked[n.ID]))
	if !w.serves(n.Provider, c) {
		u := status.Unserved{Provider: n.Provider}
		rep.say("provider %s is neither configured here nor served by a running launcher: the node is left alone, whatever its state. To do: %s", n.Provider, u.Do())
		return rep
	}
	rep.Says = append(rep.Says, nodeLines(n, w.Locked[n.ID], request, keeper, c, w.Now)...)
	return rep
}

func (r *Report) say(format string, args ...any) {
	r.Says = append(r.Says, fmt.Sprintf(format, args...))
}

// asks is what a request wants, in words.
func asks(r *record.Request) string {
	text := strings.Join(r.NodeTypes, ", ")
	if text == "" {
		text = "nothing"
	}
	text += " (tenant " + cmp.Or(r.TenantName, "none") + ", for " + cmp.Or(r.Requestor, "nobody")
	text += fmt.Sprintf(", precedence %s, relative priority %g", r.Precedence(), r.RelativePriority)
	if r.Provider != "" {
		text += ", preferably of provider " + r.Provider
	}
	if !r.Reuse {
		text += ", new nodes only"
	}
	return text + ")"
}

func age(stateTime float64, now time.Time) float64 { return max(0, record.Now(now)-stateTime) }

// Write writes the report in the given form. Errors are w's.
func (r *Report) Write(w io.Writer, f status.Format) error {
	if f != status.Pretty {
		return status.WriteDocument(w, f, r)
	}
	var b strings.Builder
	line := func(indent, text string) { fmt.Fprintf(&b, "%s%s\n", indent, status.Printable(text)) }
	head := fmt.Sprintf("%s %s: %s", r.Kind, r.ID, r.State)
	if r.State != "gone" {
		head += fmt.Sprintf(" for %s", (time.Duration(min(r.Age, 1e9)) * time.Second))
	}
	line("", head)
	for _, s := range r.Says {
		line("  ", s)
	}
	if r.Request != nil && (r.Daemon == nil || r.Daemon.Request == nil) { // it knows better
		for _, s := range r.Request.Lines() {
			line("  ", s)
		}
	}
	for _, p := range r.Places {
		line("  ", "node "+p.Node+": "+p.String())
	}
	if d := r.Daemon; d != nil {
		line("", "the launcher on "+d.Host+" ("+d.Version+", "+d.Session+") says:")
		if d.Request != nil {
			for _, s := range d.Request.Lines() {
				line("  ", s)
			}
		}
		if d.Node != "" {
			line("  ", d.Node)
		}
		if len(d.Journal) == 0 {
			line("  ", "nothing is in its journal: it began before the launcher did, or was long ago")
		}
		for _, e := range d.Journal {
			line("  ", e.At.Local().Format("15:04:05.000")+" "+e.Text)
		}
	}
	if r.Silent != "" {
		line("", r.Silent)
	}
	line("", "next: "+strings.Join(r.Next, " | "))
	_, err := io.WriteString(w, b.String())
	return err
}
