package main

import (
	"testing"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// TestRequestsAtStart: a request that comes while the launcher starts is not failed by a pool that does not offer its
// label, before the launcher has seen its own registration of the pool that does.
func TestRequestsAtStart(t *testing.T) {
	t.Parallel()
	r := newRig(t, `
labels: [{name: small}, {name: other}]
providers:
  - {name: first, driver: terraform, module: {source: %INSTANT%}, pools: [{name: main, host-key-checking: false, labels: [{name: small, inputs: {name: x}}]}]}
  - {name: second, driver: terraform, module: {source: %INSTANT%}, pools: [{name: main, host-key-checking: false, labels: [{name: other, inputs: {name: x}}]}]}
`)
	r.connect()
	for range 12 {
		r.start()
		for _, id := range []string{r.submit("small"), r.submit("small"), r.submit("small")} {
			r.use(r.wait(id, record.RequestFulfilled))
		}
		r.stop()
	}
}
