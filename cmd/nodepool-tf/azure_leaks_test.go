//go:build azure

package main

import (
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	sim "github.com/nodepool-tf/nodepool-tf/testdata/azure"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// TestAzureLeaks: what has the marks of a node that nobody knows is found, taken into a state and removed, interface and
// addresses after the machine that uses them; what another provider made stays.
func TestAzureLeaks(t *testing.T) {
	l := newARM(t, strings.Replace(azureConfig, "launch-retries: 2", "launch-retries: 2\n    clean-leaked: true", 1), func(o *rig.Options) { o.Terraform = "list-interval: 4" })
	l.start()
	req := l.wait(l.submit("plain"), record.RequestFulfilled)
	alive := "np" + req.Nodes[0]
	before := l.cloud.Books()
	l.copied(req.Nodes[0], "0000004711", "arm")
	l.copied(req.Nodes[0], "0000004712", "other")
	out, err := l.Command(l.ctx, "alien-list", "arm").CombinedOutput()
	if err != nil || strings.Count(string(out), "np0000004711") == 0 || strings.Contains(string(out), "np0000004712") || strings.Contains(string(out), alive) {
		t.Errorf("alien-list: %v\n%s", err, out)
	}
	t.Logf("alien-list:\n%s", out)
	l.eventually("what leaked goes", func() bool { return !strings.Contains(strings.Join(l.cloud.Books(), " "), "np0000004711") })
	if books := l.cloud.Books(); len(books) != 2*len(before) {
		t.Errorf("something that was not leaked is gone: %v", books)
	}
	l.use(req)
	l.empty()
	l.stop()
}

// copied makes all that one node has for another one, which never was.
func (l *armLab) copied(from, node, provider string) {
	l.t.Helper()
	for _, path := range l.cloud.Books() {
		if !strings.Contains(path, "np"+from) {
			continue
		}
		path = sim.GroupPath + "/providers/" + path
		change := strings.NewReplacer(from, node, `"nodepool_provider_name":"arm"`, `"nodepool_provider_name":"`+provider+`"`)
		l.cloud.Put(change.Replace(path), change.Replace(l.cloud.Doc(path)))
	}
}
