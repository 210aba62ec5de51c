package status

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

func TestUnservedBy(t *testing.T) {
	nodes := slices.Values([]*record.Node{
		{ID: "1", Provider: "ours"}, {ID: "2", Provider: "python"}, {ID: "3"},
		{ID: "4", Provider: "gone", State: record.NodeInUse}, {ID: "5", Provider: "gone", State: record.NodeReady}, {ID: "6", Provider: "alsogone", State: record.NodeUsed},
	})
	pools := slices.Values([]*record.Pool{{ProviderName: "python"}})
	want := []Unserved{{"alsogone", 1, 0}, {"gone", 2, 1}}
	if got := UnservedBy(nodes, pools, []Provider{{Name: "ours"}}); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestWarnings(t *testing.T) {
	s := &Snapshot{
		Workspaces: workspace.Stats{DiskFull: true, Dir: "/var/lib/np", DiskFree: 3 << 20, DiskNeed: 64 << 20, Absent: map[string]string{"p-3": "no space", "p-4": "no key"}},
		Unserved:   []Unserved{{"gone", 2, 1}},
		Stuck:      []Stuck{{"p-1", "0ab1", "p", "it was made with opentofu"}, {"p-2", "0ab1", "p", "no key"}},
		Config:     Config{Warnings: []string{"f.yaml:3:4: max-servres: unknown-key: no such option"}},
	}
	var got []string
	for _, w := range s.Warnings() {
		got = append(got, w.Title+": "+w.Text)
	}
	for i, want := range []string{"/var/lib/np has 3 MiB left and needs 64", "2 of provider gone (1 in use), which no launcher serves. To do: configure provider gone again, with max-servers: 0, and delete its ready nodes", "2, the first p-3: no space", "2, the first p-1 of launcher 0ab1, provider p: it was made with opentofu", "max-servres"} {
		if len(got) != 5 || !strings.Contains(got[i], want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	if w := (&Snapshot{Workspaces: workspace.Stats{Dir: "/x", DiskFree: 1}}).Warnings(); len(w) != 0 {
		t.Errorf("nothing is wrong, and it says %v", w)
	}
}
