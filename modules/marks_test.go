package modules

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestMarks(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"": {},
		"np1 nodepool_node_id=0000000001 nodepool_provider_name=my cloud=1":  {TagNodeID: "0000000001", TagProvider: "my cloud=1"},
		"nodepool_node_id= nodepool_pool_name=main nodepool_tf_request=9-1 ": {TagNodeID: "", TagPool: "main", TagRequest: "9-1 "},
		"xnodepool_node_id=1 nodepool_node_id 2":                             {},
	} {
		if diff := cmp.Diff(want, Marks(text)); diff != "" {
			t.Errorf("%q -want +got:\n%s", text, diff)
		}
	}
}

// TestMarksAreRead: what a module writes is read, whatever the values.
func TestMarksAreRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching(`[a-zA-Z0-9 .:-]*`)
		want := map[string]string{TagNodeID: value.Draw(t, "node"), TagPool: value.Draw(t, "pool"), TagProvider: value.Draw(t, "provider")}
		text := value.Draw(t, "name") + " " + TagNodeID + "=" + want[TagNodeID] + " " + TagPool + "=" + want[TagPool] + " " + TagProvider + "=" + want[TagProvider]
		if diff := cmp.Diff(want, Marks(text)); diff != "" {
			t.Errorf("%q -want +got:\n%s", text, diff)
		}
	})
}
