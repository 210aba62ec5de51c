package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// TestRefusals: each fault's answer, in the words that Terraform users know, and books as they were.
func TestRefusals(t *testing.T) {
	cases := []struct {
		fault  api.Fault
		status int
		text   string
		retry  time.Duration
	}{
		{api.Fault{Kind: api.Error}, 500, "InternalServerError: The server has either erred", 0},
		{api.Fault{Kind: api.NoQuota}, 403, "QuotaExceeded: Quota exceeded for cores, instances", 0},
		{api.Fault{Kind: api.Capacity}, 503, "InsufficientInstanceCapacity", 0},
		{api.Fault{Kind: api.Throttle}, 429, "RequestLimitExceeded", time.Second},
		{api.Fault{Kind: api.Throttle, RetryAfter: 7 * time.Second, Text: "slow down"}, 429, "RequestLimitExceeded: slow down", 7 * time.Second},
		{api.Fault{Kind: api.Auth}, 401, "Unauthorized", 0},
	}
	b := newBench(t)
	for _, c := range cases {
		c.fault.Count = 1
		b.settings(api.Settings{Faults: []api.Fault{c.fault}})
		_, err := b.create(t.Context())
		var p *api.StatusError
		if !errors.As(err, &p) || p.Status != c.status || p.RetryAfter != c.retry || !strings.Contains(p.Error(), c.text) {
			t.Errorf("%s: %v", c.fault.Kind, err)
		}
		if bill := b.books.Bill(""); bill.Created != 0 {
			t.Errorf("%s: books %+v", c.fault.Kind, bill)
		}
	}
	if _, err := b.create(t.Context()); err != nil {
		t.Errorf("after the last fault: %v", err)
	}
}

// TestNeverAnswered: a hanging request does nothing, a lost one does it all; both wait until the client leaves.
func TestNeverAnswered(t *testing.T) {
	for kind, created := range map[api.FaultKind]int{api.Hang: 0, api.Lost: 1} {
		b := newBench(t)
		b.settings(api.Settings{Faults: []api.Fault{{Kind: kind, Op: api.Create}}})
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		_, err := b.create(ctx)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", kind, err)
		}
		if bill := b.books.Bill(""); bill.Created != created {
			t.Errorf("%s: books %+v", kind, bill)
		}
	}
}

// TestEndCutsOff: a request that hangs does not keep the cloud from ending, and gets no answer.
func TestEndCutsOff(t *testing.T) {
	b := newBench(t)
	b.settings(api.Settings{Faults: []api.Fault{{Kind: api.Hang, Count: 1}}})
	done := make(chan error)
	go func() {
		_, err := b.create(t.Context())
		done <- err
	}()
	for len(b.books.Settings("acme").Faults) > 0 {
		time.Sleep(time.Millisecond)
	}
	b.end()
	var p *api.StatusError
	if err := <-done; err == nil || errors.As(err, &p) {
		t.Errorf("answer: %v", err)
	}
}

// TestAcceptedThoughTheClientLeft: latency is the cloud's, so who does not wait gets an instance all the same.
func TestAcceptedThoughTheClientLeft(t *testing.T) {
	b := newBench(t)
	b.settings(api.Settings{Pace: api.Pace{Create: api.Delay{Fixed: 300 * time.Millisecond}}})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := b.create(ctx); err == nil {
		t.Error("answered at once")
	}
	for b.books.Bill("").Created == 0 {
		time.Sleep(10 * time.Millisecond)
	}
}

func TestToken(t *testing.T) {
	b := newBench(t)
	b.settings(api.Settings{Token: "s3cret"})
	for _, token := range []string{"", "wrong", "s3cret"} {
		b.Token = token
		_, err := b.create(t.Context())
		var p *api.StatusError
		if ok := errors.As(err, &p) && p.Status == http.StatusUnauthorized; ok == (token == "s3cret") {
			t.Errorf("token %q: %v", token, err)
		}
	}
}
