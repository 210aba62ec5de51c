package preview

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// TestEveryDecision has somebody who carries it out.
func TestEveryDecision(t *testing.T) {
	decisions, err := os.ReadFile("../desire/decision.go")
	if err != nil {
		t.Fatal(err)
	}
	act, err := os.ReadFile("act.go")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`func \((\w+)\) decision\(\)`).FindAllStringSubmatch(string(decisions), -1)
	if len(found) < 16 {
		t.Fatalf("only %d decisions are found", len(found))
	}
	for _, m := range found {
		if !strings.Contains(string(act), "case desire."+m[1]+":") {
			t.Errorf("nobody carries out desire.%s", m[1])
		}
	}
}

// TestAnyScene: whatever there is, the decisions come to an end, the pool's limit holds, a ready node goes to one request
// at most, and no node that somebody works on is touched.
func TestAnyScene(t *testing.T) {
	states := []record.NodeState{record.NodeReady, record.NodeReady, record.NodeInUse, record.NodeUsed, record.NodeBuilding, record.NodeInit, record.NodeDeleting, record.NodeHold, record.NodeFailed}
	requests := []string{"100-0000000001", "200-0000000002", "200-0000000003", "900-0000000004"}
	rapid.Check(t, func(t *rapid.T) {
		s := scene()
		label := rapid.SampledFrom([]string{"small", "large", "large", "gpu"})
		for _, id := range requests {
			labels := rapid.SliceOfN(label, 1, 4).Draw(t, "labels")
			switch rapid.IntRange(0, 3).Draw(t, "request") {
			case 0:
				request(id, labels...)(&s)
			case 1:
				pending(id, rapid.Bool().Draw(t, "held"), labels...)(&s)
			}
		}
		for n := range rapid.IntRange(0, 5).Draw(t, "nodes") {
			node(n, rapid.SampledFrom([]string{"small", "large"}).Draw(t, "label"), rapid.SampledFrom(states).Draw(t, "state"), rapid.SampledFrom([]time.Duration{time.Minute, 2 * time.Hour}).Draw(t, "age"))(&s)
			made := s.View.Nodes[sequence(int64(n))]
			made.AllocatedTo = rapid.SampledFrom(append([]string{"", "", "gone"}, requests...)).Draw(t, "allocated")
			made.Contended, made.Foreign = rapid.Bool().Draw(t, "locked"), rapid.IntRange(0, 4).Draw(t, "foreign") == 0
		}
		f := Foresee(s)
		if f.Unsettled {
			t.Fatal("the decisions never end")
		}
		there := 0
		for _, n := range f.Nodes {
			if n.Action != Delete && n.Action != Replace {
				there++
			}
			if was := s.View.Nodes[n.ID]; was != nil && was.Contended && was.State != record.NodeReady && n.Action != Keep && n.Action != InProgress {
				t.Errorf("node %s, %s and locked: %s", n.ID, was.State, n.Action)
			}
		}
		if most := max(5, len(s.View.Nodes)); there > most {
			t.Errorf("%d nodes in a pool of %d", there, most)
		}
		owner := map[string]string{}
		for _, r := range f.Requests {
			if r.Outcome == "" {
				t.Errorf("request %s has no outcome", r.ID)
			}
			for _, id := range r.Nodes {
				if owner[id] != "" && !r.Predicted {
					t.Errorf("node %s goes to %s and %s", id, owner[id], r.ID)
				}
				if !r.Predicted {
					owner[id] = r.ID
				}
			}
		}
	})
}

// TestGivesWay: a request that waits for quota gives way to one that is put back, and the node launched for it is removed
// again to make room. It is no node that is there in the end.
func TestGivesWay(t *testing.T) {
	s := scene(
		request("100-0000000001", "small"), pending("200-0000000002", false, "large"), request("200-0000000003", "small"), request("900-0000000004", "small", "small"),
		node(0, "small", record.NodeReady, time.Minute), node(1, "small", record.NodeReady, time.Minute),
	)
	s.View.Nodes[sequence(0)].AllocatedTo = "200-0000000002"
	s.View.Nodes[sequence(1)].Contended = true
	var launched []string
	for _, n := range Foresee(s).Nodes {
		if n.Action == Launch {
			launched = append(launched, n.Request)
		}
	}
	if want := []string{"100-0000000001", "200-0000000003", "200-0000000002"}; !slices.Equal(launched, want) {
		t.Errorf("launched for %v, not %v", launched, want)
	}
}

// TestModuleWithoutItsPassword: a plan is shown to more people than the configuration.
func TestModuleWithoutItsPassword(t *testing.T) {
	s := scene(request("200-0000000001", "large"))
	s.View.Config.Providers[0].Pools[0].Labels["large"].Spec.Module.Source = "git::https://ci:hunter2@host/m.git?ref=v1"
	var got []string
	for _, n := range Foresee(s).Nodes {
		if n.Label == "large" {
			got = append(got, n.Module)
		}
	}
	if want := []string{"git::https://***@host/m.git?ref=v1"}; !slices.Equal(got, want) {
		t.Errorf("modules %q, not %q", got, want)
	}
}
