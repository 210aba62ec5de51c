package explain

import (
	"fmt"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Verdict is what one of our pools makes of a request.
type Verdict struct {
	Pool    string   `json:"pool"`    // provider/pool
	Outcome string   `json:"outcome"` // takes, declines, leaves
	Rule    string   `json:"rule"`    // of protocol.md
	Reasons []string `json:"reasons"`
}

// Request is what the next pass of a launcher with the configuration makes of a request.
type Request struct {
	Verdicts []Verdict `json:"verdicts"`
	// Hand is the pool that has accepted it, "" for none.
	Hand string `json:"accepted_by,omitempty"`
	// Waits is what an accepted request waits for.
	Waits string `json:"waits_for,omitempty"`
	// Quota is what is missing.
	Quota string `json:"quota,omitempty"`
	Ahead int    `json:"requests_ahead"`
	Held  string `json:"not_looked_at,omitempty"`
	// Candidates could serve it, Declined have refused: provider/pool on host.
	Candidates []string `json:"candidates"`
	Declined   []string `json:"declined"`
}

// OfRequest runs the rules on a view.
func OfRequest(v *desire.View, id string) Request {
	e := desire.Explain(v, id)
	r := Request{Quota: e.Short, Ahead: e.Ahead, Held: e.Held, Verdicts: []Verdict{}, Candidates: poolNames(e.Candidates), Declined: poolNames(e.Declined)}
	if q := v.Requests[id]; q == nil || q.State == record.RequestFulfilled || q.State == record.RequestFailed {
		r.Candidates = []string{} // nobody is asked any more
	}
	for _, w := range e.Verdicts {
		reasons := w.Reasons
		if reasons == nil {
			reasons = []string{}
		}
		r.Verdicts = append(r.Verdicts, Verdict{Pool: w.Provider + "/" + w.Pool, Outcome: string(w.Outcome), Rule: w.Rule, Reasons: reasons})
	}
	if h := v.Handlers[id]; h != nil {
		r.Hand = h.Provider + "/" + h.Pool
	}
	return r
}

func poolNames(pools []*record.Pool) []string {
	out := []string{}
	for _, p := range pools {
		name := p.ProviderName + "/" + p.Name
		switch {
		case strings.HasPrefix(p.ID, unregistered):
			name += " (not running)"
		case p.Paused:
			name += " on " + p.Hostname + " (paused)"
		default:
			name += " on " + p.Hostname
		}
		out = append(out, name)
	}
	return out
}

// Lines say it in words.
func (r Request) Lines() []string {
	var out []string
	if r.Hand != "" {
		line := "pool " + r.Hand + " has accepted it"
		if r.Waits != "" {
			line += " and waits for: " + r.Waits
		}
		out = append(out, line)
	}
	for _, v := range r.Verdicts {
		out = append(out, "pool "+v.String(r.Quota))
	}
	if r.Hand != "" && r.Quota != "" {
		out = append(out, "no room for another node now: "+r.Quota)
	}
	if r.Held != "" {
		out = append(out, "it is not looked at now: "+r.Held)
	}
	if r.Ahead > 0 {
		out = append(out, fmt.Sprintf("%d open requests go before it", r.Ahead))
	}
	if len(r.Candidates) > 0 {
		out = append(out, "pools that could serve it: "+strings.Join(r.Candidates, ", "))
	}
	if len(r.Declined) > 0 {
		out = append(out, "pools that declined it: "+strings.Join(r.Declined, ", "))
	}
	return out
}

// String says it in words; quota is what a pool that takes the request is short of.
func (v Verdict) String(quota string) string {
	reasons := strings.Join(v.Reasons, "; ")
	switch {
	case v.Outcome == string(desire.Takes) && quota != "":
		return v.Pool + " takes it next, and waits for quota: " + quota
	case v.Outcome == string(desire.Takes):
		return v.Pool + " takes it next"
	case v.Outcome == string(desire.Declines):
		return v.Pool + " declines it: " + reasons
	case v.Rule == "4.3.2":
		return v.Pool + " has declined it"
	}
	return v.Pool + " leaves it for now: " + reasons
}
