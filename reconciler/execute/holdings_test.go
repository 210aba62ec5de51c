package execute

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func stateFolder(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, StateFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestHoldings(t *testing.T) {
	dir := stateFolder(t, `{"version":4,"lineage":"l","resources":[
	{"module":"module.n1.module.net","mode":"managed","type":"vm","name":"a","instances":[{"index_key":"x y","attributes":{"id":"i-1"}},{"index_key":1,"attributes":{"id":2}}]},
	{"module":"module.n1","mode":"data","type":"image","name":"i","instances":[{"attributes":{"id":"img"}}]},
	{"mode":"managed","type":"terraform_data","name":"n1","instances":[{"attributes":{"id":"r"}}]},
	{"mode":"managed","type":"vm","name":"loose","instances":[{"attributes":{}}]}]}`)
	got, err := Holdings(dir)
	want := []Holding{
		{"n1", `module.n1.module.net.vm.a["x y"]`, "vm", "i-1", false},
		{"n1", "module.n1.module.net.vm.a[1]", "vm", "", false},
		{"n1", "terraform_data.n1", "terraform_data", "r", false},
		{"", "vm.loose", "vm", "", false},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, text := range []string{"", "{", `{"version":3}`} {
		if _, err := Holdings(stateFolder(t, text)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

// TestHasTags: wherever a type keeps its tags.
func TestHasTags(t *testing.T) {
	want := map[string]string{"nodepool_provider_name": "cloud", "nodepool_node_id": "1"}
	for attributes, has := range map[string]bool{
		`{"tags":{"nodepool_provider_name":"cloud","nodepool_node_id":"1","x":"y"}}`:                        true,
		`{"metadata":[{"name":"a","labels":{"nodepool_provider_name":"cloud","nodepool_node_id":"1"}}]}`:    true,
		`{"tag":[{"key":"nodepool_provider_name","value":"cloud"},{"key":"nodepool_node_id","value":"1"}]}`: true,
		`{"tags":{"nodepool_provider_name":"cloud","nodepool_node_id":"2"}}`:                                false,
		`{"tags":{"nodepool_provider_name":"cloud"},"labels":{"nodepool_node_id":"1"}}`:                     false,
		`{"tags":["nodepool_provider_name:cloud","nodepool_node_id:1"]}`:                                    true,
		`{"boot_volume":[{"tags":["Nodepool_Provider_Name:CLOUD","nodepool_node_id:1"]}]}`:                  true,
		`{"tags":["nodepool_provider_name:cloud","nodepool_node_id:12"]}`:                                   false,
		`{"description":"np1 nodepool_node_id=1 nodepool_provider_name=cloud"}`:                             true,
		`{"description":"np1 nodepool_node_id=1 nodepool_provider_name=cloud two"}`:                         false,
		`{"tags":null}`: false,
		`{"tags":{"nodepool_provider_name":"cloud","nodepool_node_id":1}}`:                                                     false,
		`{"user_data":"nodepool_provider_name=cloud nodepool_node_id=1"}`:                                                      false,
		`{"tag":[{"key":"nodepool_provider_name","value":"cloud"}],"other":[{"key":"nodepool_node_id","value":"1"}],"id":"p"}`: false,
	} {
		dir := stateFolder(t, `{"version":4,"resources":[{"mode":"managed","type":"vm","name":"leaked","instances":[{"attributes":`+attributes+`}]}]}`)
		if got, err := HasTags(dir, want); got != has || err != nil {
			t.Errorf("%s: %v %v", attributes, got, err)
		}
	}
	if got, err := HasTags(stateFolder(t, `{"version":4,"resources":[{"mode":"managed","type":"vm","name":"leaked","instances":[{"attributes":{"tags":{}}}]}]}`), nil); got || err != nil {
		t.Errorf("no tags are wanted, and that is enough: %v", err)
	}
	if _, err := HasTags(stateFolder(t, `{"version":4,"resources":[]}`), want); err == nil {
		t.Error("an empty state was read")
	}
}

func TestReadOutput(t *testing.T) {
	dir := stateFolder(t, `{"version":4,"outputs":{"list":{"value":"[]","type":"string","sensitive":true},"number":{"value":1},"none":{"value":null}}}`)
	if got, err := ReadOutput(dir, "list"); got != "[]" || err != nil {
		t.Errorf("%q %v", got, err)
	}
	for _, name := range []string{"number", "none", "missing"} {
		if got, err := ReadOutput(dir, name); err == nil {
			t.Errorf("output %s is %q", name, got)
		}
	}
}
