package reconciler

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// TestNotClean: a launch outlives destroys that fail, tells so once, and says what it waits for.
func TestNotClean(t *testing.T) {
	var log bytes.Buffer
	lp, la := aLoop(&log), aLaunch(3, 0)
	la.handler = &handler{}
	la.handler.Request = "200-0000000001"
	lp.launches = map[string]*launch{la.node.ID: la}
	lp.view.Requests = map[string]*desire.Request{la.handler.Request: {Request: &record.Request{}}}
	la.phase, la.left = cleaning, cleanup{since: time.Now()}
	before := lp.launchWaits(la.node.ID)
	for range 5 {
		lp.launchOutcome(la, workspace.Outcome{Kind: workspace.DestroyFailed, Node: la.node.ID, Err: errors.New("NicReservedForAnotherVm")})
	}
	if la.phase != cleaning || strings.Count(log.String(), "NicReservedForAnotherVm") != 1 {
		t.Errorf("phase %d, log %s", la.phase, log.String())
	}
	if after := lp.launchWaits(la.node.ID); after == before || !strings.Contains(after, "cannot be destroyed yet") {
		t.Errorf("it waits for %q, before for %q", after, before)
	}
	if now := la.left.since; la.left.over(now.Add(cleanTime-1)) || !la.left.over(now.Add(cleanTime)) {
		t.Error("the wait has another end")
	}
}
