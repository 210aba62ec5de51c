package metastatic

import (
	"encoding/json"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// FuzzRecord: anybody may write user_data and driver_data. A mark that is read is one that can be written again.
func FuzzRecord(f *testing.F) {
	f.Add(`"{\"owner\":\"NodePool:metastatic:m\",\"label\":\"slot\",\"slots\":4,\"failed\":false,\"launched\":1.5}"`, `{"backing_node":"0000000001","slot":2}`)
	f.Add(`{"owner":"o"}`, `{"slot":-1}`)
	f.Add(`"[]"`, `[]`)
	f.Fuzz(func(t *testing.T, user, driver string) {
		n := &record.Node{State: record.NodeInUse, Provider: "p", UserData: json.RawMessage(user), DriverData: json.RawMessage(driver)}
		m, ok := MarkOf(n)
		if again, still := MarkOf(&record.Node{UserData: m.Encode()}); ok && (!still || again != m) {
			t.Errorf("%+v becomes %+v", m, again)
		}
		if ok && (m.Owner == "" || m.Label == "" || m.Slots < 0) {
			t.Errorf("%+v is no mark", m)
		}
		_ = PlaceOf(n)
		if why := Lost(n, "nobody"); ok && m.Owner != "nobody" && why == "" {
			t.Error("another's node counts as ours")
		}
	})
}
