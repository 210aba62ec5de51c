package reconciler

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/metrics"
	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// statsElection is where launchers elect the one that reports the counts of nodes (protocol.md 1.2).
const statsElection = "/nodepool/elections/stats"

// launched counts an attempt that ended, with what error, nil for none.
func (lp *loop) launched(la *launch, err error) {
	m := metrics.Launch{
		Provider: la.node.Provider, Zone: la.node.AZ, Image: la.label.DiskImage, Requestor: la.node.Requestor,
		Result: launchResult(err), Took: time.Since(la.began),
	}
	if m.Image == "" {
		m.Image = la.label.CloudImage
	}
	if err != nil {
		m.Class = string(execute.ClassOf(err))
	}
	lp.l.opts.Meter.Launched(m)
}

// scanOp and addressOp begin the operations of errors that have a result of their own.
const scanOp = "scan host keys"

var errNoAddress = errors.New("the node has no address")

// launchResult names an error as operator-surface.md 3.3 does.
func launchResult(err error) string {
	var failed *execute.Error
	var lost *lostError
	switch {
	case err == nil:
		return metrics.Ready
	case errors.As(err, &lost):
		return metrics.ErrSession
	case errors.Is(err, errNoAddress):
		return metrics.ErrNetwork
	case errors.As(err, &failed) && strings.HasPrefix(failed.Op, scanOp):
		return metrics.ErrKeyscan
	}
	switch execute.ClassOf(err) {
	case execute.Quota:
		return metrics.ErrQuota
	case execute.Capacity:
		return metrics.ErrCapacity
	case execute.Timeout:
		return metrics.ErrTimeout
	}
	return metrics.ErrUnknown
}

// declined counts a request that a pool refuses.
func (lp *loop) declined(provider, pool string, reasons []string) {
	reason := "other"
	if len(reasons) > 0 {
		reason = declineKind(reasons[0])
	}
	lp.l.opts.Meter.Declined(provider, pool, reason)
}

// declineKind sorts the reasons of desire into few kinds: they quote records.
func declineKind(reason string) string {
	for _, k := range []struct{ kind, part string }{
		{"launch", "node "}, {"unreadable", "cannot be read"}, {"disabled", "disabled by max-servers"}, {"label", "is not offered"}, {"image", "no ready upload"},
		{"quota", "than the pool may ever have"}, {"quota", "quota"}, {"stopped", "is stopped for"}, {"capacity", "no capacity"}, {"all", "every registered pool"},
	} {
		if strings.Contains(reason, k.part) {
			return k.kind
		}
	}
	return "other"
}

// deletedTook is how long ago a deletion was begun: its record says when.
func deletedTook(n *record.Node) time.Duration {
	return time.Duration(max(0, record.Now(time.Now())-n.StateTime) * float64(time.Second))
}

// electionRetry is the wait after an election that failed.
const electionRetry = 10 * time.Second

// electStats has this launcher report the counts of nodes if no other does, until the session ends.
func (lp *loop) electStats(ctx context.Context) {
	if !lp.l.opts.Meter.Elects() {
		return
	}
	err := lp.s.EnsurePath(ctx, path.Dir(statsElection))
	var held *lock.Lock
	if err == nil {
		held, err = lock.Acquire(ctx, lp.s, statsElection, fmt.Sprintf("%s-%d", lp.l.fqdn, os.Getpid()))
	}
	if err != nil {
		if ctx.Err() == nil {
			lp.log.Warn("the election of who reports the counts of nodes failed; it is tried again", "err", err, "try_again", electionRetry)
			lp.after(electionRetry, func() { lp.do(lp.electStats) })
		}
		return
	}
	lp.l.opts.Meter.Lead(true)
	lp.log.Info("this launcher reports the counts of nodes to statsd")
	<-ctx.Done()
	lp.l.opts.Meter.Lead(false)
	release(ctx, held)
}

// Queues is what waits between ZooKeeper and the loop. Any goroutine may call it.
func (l *Launcher) Queues() metrics.Queues {
	_, lp := l.board.look(time.Now())
	if lp == nil {
		return metrics.Queues{}
	}
	nodes, requests := lp.cache.Backlog()
	return metrics.Queues{NodeEvents: nodes.Events, NodeReads: nodes.Reads, RequestEvents: requests.Events, RequestReads: requests.Reads}
}
