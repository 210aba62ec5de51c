package reconciler

import (
	"log/slog"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

// handled runs what a loop has started and what comes back of it.
func (lp *loop) handled() {
	for {
		lp.wg.Wait()
		lp.mailMu.Lock()
		mail := lp.mail
		lp.mail = nil
		lp.mailMu.Unlock()
		if len(mail) == 0 {
			return
		}
		for _, f := range mail {
			f()
		}
	}
}

// TestResetWaitsFromTheLoss: the launch of another launcher may take longer than a lost request waits for its launcher.
// The wait begins when that one lets go of it, and is over when it stays away.
func TestResetWaitsFromTheLoss(t *testing.T) {
	t.Parallel()
	s, ctx := zktest.Session(t), t.Context()
	for _, p := range []string{requestsPath, requestLocksPath, nodesPath} {
		if err := s.EnsurePath(ctx, p); err != nil {
			t.Fatal(err)
		}
	}
	r := &record.Request{ID: "200-0000000001", NodeTypes: []string{"small"}}
	r.SetState(record.RequestPending, time.Now())
	n := &record.Node{ID: "0000000001", Provider: "p", Pool: "main", Type: []string{"small"}, AllocatedTo: r.ID}
	n.SetState(record.NodeBuilding, time.Now())
	n.SetOwner("peer")
	for path, data := range map[string][]byte{requestPath(r.ID): r.Encode(), nodePath(n.ID): n.Encode()} {
		if _, err := s.Create(ctx, path, data, 0); err != nil {
			t.Fatal(err)
		}
	}
	l := &Launcher{stateID: "me"}
	l.cfg.Store(&config.Config{})
	theirs := &peer{alive: true}
	lp := &loop{
		l: l, s: s, ctx: ctx, log: slog.New(slog.DiscardHandler), wake: make(chan struct{}, 1), lostSince: map[string]time.Time{},
		peers: &peers{listed: true, known: map[string]*peer{"peer": theirs}},
		view:  desire.View{Requests: map[string]*desire.Request{r.ID: {Request: r}}, Nodes: map[string]*desire.Node{n.ID: {Node: n}}},
	}
	reset := func() record.RequestState {
		t.Helper()
		lp.reset(desire.Reset{Request: r.ID, Nodes: []string{n.ID}})
		lp.handled()
		data, _, err := s.Get(ctx, requestPath(r.ID))
		if err != nil {
			t.Fatal(err)
		}
		now, err := record.ParseRequest(r.ID, data)
		if err != nil {
			t.Fatal(err)
		}
		return now.State
	}
	if got := reset(); got != record.RequestPending { // it has another session, and takes the request up again
		t.Errorf("the launcher is there, and its request is %s", got)
	}
	held, err := lock.Try(ctx, s, requestLockPath(r.ID), "")
	if err != nil {
		t.Fatal(err)
	}
	for id := range lp.lostSince { // it works on it for longer than that
		lp.lostSince[id] = time.Now().Add(-2 * longestWait)
	}
	reset()
	release(ctx, held)
	theirs.alive, theirs.gone = false, time.Now()
	if got := reset(); got != record.RequestPending {
		t.Errorf("the launcher restarts, and its request is %s", got)
	}
	theirs.gone = time.Now().Add(-takeAfter)
	if got := reset(); got != record.RequestRequested {
		t.Errorf("the launcher stays away, and its request is %s", got)
	}
	if len(lp.lostSince) > 0 {
		t.Error("it would not be waited for when it is lost again")
	}
	now, err := lockNode(ctx, s, n.ID)
	if err != nil || now.AllocatedTo != "" {
		t.Errorf("the node is not freed: %+v, %v", now, err)
	}
}
