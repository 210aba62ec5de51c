package record

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// requestKeys and nodeKeys are the tables of protocol.md 2.1 and 2.2.
var (
	requestKeys = strings.Fields(`state state_time node_types nodes declined_by requestor requestor_data provider
		relative_priority event_id created_time tenant_name reuse`)
	nodeKeys = strings.Fields(`state state_time cloud provider pool type allocated_to az region public_ipv4 private_ipv4
		public_ipv6 host_id interface_ip connection_port ssh_port connection_type username python_path shell_type image_id
		launcher created_time external_id hostname comment user_data hold_job hold_expiration host_keys resources slot
		attributes tenant_name driver_data requestor node_properties`)
	poolKeys = strings.Fields(`hostname id kind model_api name paused priority provider_name state supported_labels version`)
)

// encoded parses and writes a record of the kind that the file name begins with.
func encoded(t *testing.T, file string, data []byte) (out []byte, keys []string) {
	t.Helper()
	var err error
	switch kind, _, _ := strings.Cut(filepath.Base(file), "-"); strings.TrimSuffix(kind, ".json") {
	case "request":
		var r *Request
		if r, err = ParseRequest("200-0000000001", data); err == nil {
			return noProblems(t, r.Problems, r.Encode()), requestKeys
		}
	case "node":
		var n *Node
		if n, err = ParseNode("0000000001", data); err == nil {
			return noProblems(t, n.Problems, n.Encode()), nodeKeys
		}
	case "pool":
		var p *Pool
		if p, err = ParsePool(data); err == nil {
			return p.Encode(), poolKeys
		}
	}
	t.Fatalf("%s: %v", file, err)
	return nil, nil
}

func noProblems(t *testing.T, problems []string, data []byte) []byte {
	t.Helper()
	if len(problems) > 0 {
		t.Error(problems)
	}
	return data
}

// Every example record of protocol.md section 2 is written with all keys, and
// with the values it had. Add a case by adding a file.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			out, keys := encoded(t, file, data)
			var before, after map[string]any
			if err := json.Unmarshal(data, &before); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(out, &after); err != nil {
				t.Fatalf("%v in %s", err, out)
			}
			for _, key := range keys {
				if _, ok := after[key]; !ok {
					t.Errorf("%s is missing", key)
				}
			}
			for key, v := range before {
				if key == "hold_expiration" || key == "type" {
					continue // may be normalised; the golden file shows it
				}
				if diff := cmp.Diff(v, after[key]); diff != "" {
					t.Errorf("%s changed:\n%s", key, diff)
				}
			}
			golden := strings.TrimSuffix(file, ".json") + ".golden"
			if *update {
				if err := os.WriteFile(golden, append(out, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), ", "), strings.Split(string(out)+"\n", ", ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Jobs look into what a Python launcher, which drops what it does not find, leaves as null.
func TestNodePropertiesAreNeverNull(t *testing.T) {
	for data, want := range map[string]string{
		`{"state": "used"}`:                                    `"node_properties": {}}`,
		`{"state": "used", "node_properties": null}`:           `"node_properties": {}}`,
		`{"state": "used", "node_properties": {"spot": true}}`: `"node_properties": {"spot": true}}`,
	} {
		n, err := ParseNode("1", []byte(data))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(n.Encode()); !strings.HasSuffix(got, ", "+want) {
			t.Errorf("%s is written as %s", data, got)
		}
	}
}

// The Python launchers and Zuul raise on null where they expect a list.
func TestListsAreNeverNull(t *testing.T) {
	lists := []string{"declined_by", "node_types", "nodes", "type", "host_keys", "supported_labels"}
	for _, data := range [][]byte{(&Request{State: RequestRequested}).Encode(), (&Node{State: NodeInit}).Encode(), (&Pool{}).Encode()} {
		var m map[string]any
		if err := json.Unmarshal(data, &m); err != nil {
			t.Fatal(err)
		}
		for key, v := range m {
			if _, isList := v.([]any); slices.Contains(lists, key) && !isList {
				t.Errorf("%s is %v", key, v)
			}
		}
	}
}
