package dashboard

import (
	"strconv"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
)

// failureRows is how many failures are listed.
const failureRows = 15

// Failures are the newest ones.
type Failures struct {
	Rows []Failure
	More string
}

// Failure is what went wrong and what is done about it.
type Failure struct {
	Key         string // tells it from the others, so that an open one stays open
	At          *Moment
	Op, Class   string
	Node, Where string
	Text, Next  string
	Brief       string // Text without the workspace, which the facts name: a line has little room
	Facts       []Fact
	Block       string
}

// Fact is a name and a value.
type Fact struct{ Name, Value string }

func newFailures(s *status.Snapshot, c clock) Failures {
	var v Failures
	for i := range s.Failures[:min(len(s.Failures), failureRows)] {
		v.Rows = append(v.Rows, newFailure(&s.Failures[i], c))
	}
	if more := len(s.Failures) - len(v.Rows); more > 0 {
		v.More = "and " + count(more) + " older"
	}
	return v
}

func newFailure(f *status.Failure, c clock) Failure {
	v := Failure{
		Key: strconv.FormatInt(f.At.UnixNano(), 36) + "-" + word(f.Node), At: c.moment(f.At), Op: word(f.Op), Class: word(f.Class), Node: word(f.Node),
		Where: word(f.Provider), Text: block(f.Text), Next: word(f.Next), Block: block(masked(f.Block)),
	}
	v.Brief = v.Text
	if _, cause, ok := strings.Cut(v.Text, " workspace "+word(f.Workspace)+": "); ok {
		v.Brief = cause
	}
	if f.Pool != "" {
		v.Where += "/" + word(f.Pool)
	}
	attempt := ""
	if f.Attempt > 0 {
		attempt = strconv.Itoa(f.Attempt)
	}
	for _, fact := range []Fact{{"label", f.Label}, {"request", f.Request}, {"attempt", attempt}, {"workspace", f.Workspace}} {
		if fact.Value = strings.TrimSpace(word(fact.Value)); fact.Value != "" {
			v.Facts = append(v.Facts, fact)
		}
	}
	return v
}
