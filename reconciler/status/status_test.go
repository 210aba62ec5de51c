package status_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var now = time.Unix(1726561500, 0)

func nodes() []*record.Node {
	return []*record.Node{
		{ID: "0000001911", State: record.NodeReady, StateTime: 1726561000.5, Provider: "k8s", Type: []string{"pod"},
			ExternalID: json.RawMessage(`"main-0000001911"`), ConnectionPort: json.RawMessage(`{"token":"eyJ.SECRET","namespace":"n"}`)},
		{ID: "0000001907", State: record.NodeInUse, StateTime: 1726561322.771, Provider: "cloud-a", Pool: "main",
			Type: []string{"noble-large"}, ExternalID: json.RawMessage(`"b4a7d9b2-5d1c"`), PublicIPv4: "203.0.113.17",
			PrivateIPv4: "10.4.0.21", PublicIPv6: "2001:db8::17", AZ: "az-2", Username: "zuul", ConnectionPort: json.RawMessage(`22`),
			Launcher: "np01.example.org-PoolWorker.cloud-a-main-3c2b", AllocatedTo: "200-0000004711",
			UserData: json.RawMessage(`{"zuul_system": "c1f0", "project_name": "git.example.org/acme/app"}`)},
		{ID: "0000001912", State: record.NodeHold, StateTime: 1726561500 - 100*86400, Provider: "aws", Type: []string{"a", "b"},
			ExternalID: json.RawMessage(`{"instance": "i-0abc", "host": null}`), ConnectionPort: json.RawMessage(`"5986"`),
			HoldJob: "acme git.example.org/acme/app unit-tests refs/.*", Comment: "debug leak", DriverData: json.RawMessage(`{"n": 9007199254740993, "f": 1.5}`)},
		nil,
		{ID: "0000001913", State: record.NodeBuilding, StateTime: 1726569999, Provider: "evil\x1b[2J\r\n", Comment: "a\tb\u202e|\u009b31m\x7f",
			ConnectionPort: json.RawMessage(`"unknown"`), UserData: json.RawMessage("\"\\u001b]0;title\\u0007 <&> \xff\"")},
		{ID: "0000001914", State: record.NodeInit, StateTime: math.NaN()},
	}
}

func requests() []*record.Request {
	return []*record.Request{
		{ID: "300-0000004713", State: record.RequestPending, NodeTypes: []string{"noble-large", "noble-small"}, Requestor: "c1f0a2b3",
			RelativePriority: 3, EventID: "9f8e7d6c"},
		{ID: "100-0000004714", State: record.RequestFulfilled, NodeTypes: []string{"noble-small"}, Nodes: []string{"0000001907", "0000001906"},
			DeclinedBy: []string{"np01-PoolWorker.a-main-1", "np01-PoolWorker.b-main-2"}, Requestor: "NodePool:min-ready", RelativePriority: 0.5},
		{ID: "200-0000004715", State: record.RequestRequested, RelativePriority: math.Inf(1), Requestor: "\x1b[31mred"},
	}
}

func uploads() []*record.ImageUpload {
	return []*record.ImageUpload{
		{Image: "noble", Build: "2f1c", Provider: "cloud-b", ID: "0000000001", State: record.UploadUploading, StateTime: 1726561400},
		{Image: "noble", Build: "2f1c", Provider: "cloud-a", ID: "0000000002", State: record.UploadReady, StateTime: 1726475100, ExternalID: "c0ffee", ExternalName: "noble-1"},
		{Image: "noble", Build: "2f1c", Provider: "cloud-a", ID: "0000000001", State: record.UploadFailed, StateTime: math.Inf(1), ExternalName: "\x1b[2J"},
		{Image: "jammy\x1b]0;x\x07", Build: "0000000009", Provider: "cloud-a", ID: "0000000001", State: record.UploadDeleting, StateTime: 1726569999},
	}
}

func builds() []*record.ImageBuild {
	return []*record.ImageBuild{
		{Image: "noble", ID: "2f1c", State: record.BuildReady, StateTime: 1726475100.9, Builder: "nb01", Formats: []string{"qcow2", "raw"}},
		{Image: "noble", ID: "1a2b", State: record.BuildFailed, StateTime: 1726475100, Formats: []string{"qcow2"}},
		{Image: "jammy", ID: "9", State: record.BuildBuilding, StateTime: 1726561499},
	}
}

func TestGolden(t *testing.T) {
	locked := map[string]bool{"0000001907": true}
	images := []status.ImageState{
		{Image: "noble", Paused: true, BuildRequest: "pending", RequestedAt: 1726561000}, {Image: "jammy\x1b", BuildRequest: "building", RequestedAt: math.NaN()}, {Image: "focal"},
	}
	tables := map[string]interface {
		Write(io.Writer, status.Format) error
	}{
		"uploads":        status.UploadTable(uploads(), now),
		"builds":         status.BuildTable(builds(), map[string]bool{"jammy": true}, now),
		"images":         status.ImageStateTable(images, now),
		"info":           status.InfoReport("cloud-a", uploads(), nodes()[:2]),
		"info-unknown":   status.InfoReport("evil\x1b[2J\"\r\n", uploads(), nil),
		"nodes":          status.NodeTable(nodes(), locked, false, now),
		"nodes-detail":   status.NodeTable(nodes(), locked, true, now),
		"nodes-empty":    status.NodeTable(nil, nil, false, now),
		"requests":       status.RequestTable(requests()),
		"requests-empty": status.RequestTable(nil),
	}
	for name, table := range tables {
		for _, format := range []status.Format{status.Pretty, status.JSON, status.YAML} {
			t.Run(name+"."+string(format), func(t *testing.T) {
				var got bytes.Buffer
				if err := table.Write(&got, format); err != nil {
					t.Fatal(err)
				}
				file := filepath.Join("testdata", name+"."+string(format))
				if *update {
					if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got.String()); diff != "" {
					t.Errorf("%s (-want +got), -update rewrites it:\n%s", file, diff)
				}
				harmless(t, got.String())
			})
		}
	}
}

// The JSON and YAML forms are the same objects.
func TestYAMLMatchesJSON(t *testing.T) {
	table := status.NodeTable(nodes(), nil, true, now)
	var j, y bytes.Buffer
	if err := table.JSON(&j); err != nil {
		t.Fatal(err)
	}
	if err := table.YAML(&y); err != nil {
		t.Fatal(err)
	}
	var fromJSON, fromYAML any
	if err := json.Unmarshal(j.Bytes(), &fromJSON); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(y.Bytes(), &fromYAML); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(fromYAML) // levels the number types
	if err != nil {
		t.Fatal(err)
	}
	var levelled any
	if err := json.Unmarshal(again, &levelled); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fromJSON, levelled); diff != "" {
		t.Errorf("JSON and YAML differ (-json +yaml):\n%s", diff)
	}
}

func TestColumns(t *testing.T) {
	titles := func(table status.Table) string {
		var s []string
		for _, c := range table.Columns {
			s = append(s, c.Title+"="+c.Key)
		}
		return strings.Join(s, " ")
	}
	short := "ID=id Provider=provider Label=label Server ID=server_id Public IPv4=public_ipv4 IPv6=ipv6 State=state Age=age Locked=locked"
	if got := titles(status.NodeTable(nil, nil, false, now)); got != short {
		t.Errorf("list columns: %s", got)
	}
	long := short + " Pool=pool Hostname=hostname Private IPv4=private_ipv4 AZ=AZ Username=username Port=connection_port Launcher=launcher Allocated To=allocated_to Hold Job=hold_job Comment=comment User Data=user_data Driver Data=driver_data"
	if got := titles(status.NodeTable(nil, nil, true, now)); got != long {
		t.Errorf("list --detail columns: %s", got)
	}
	if got := titles(status.NodeTable(nil, nil, false, now)); got != short {
		t.Errorf("list columns after list --detail: %s", got)
	}
	want := "Request ID=id Priority=relative_priority State=state Requestor=requestor Node Types=node_types Nodes=nodes Declined By=declined_by Event ID=event_id"
	if got := titles(status.RequestTable(nil)); got != want {
		t.Errorf("request-list columns: %s", got)
	}
}

// cell shows one column of a one-node table.
func cell(n record.Node, key string) any {
	table := status.NodeTable([]*record.Node{&n}, nil, true, now)
	for i, c := range table.Columns {
		if c.Key == key {
			return table.Rows[0][i]
		}
	}
	return "no such column"
}

func TestPort(t *testing.T) {
	for raw, want := range map[string]any{
		`22`: int64(22), ` 5986 `: int64(5986), `"22"`: int64(22), `" 22 "`: int64(22), `-1`: int64(-1),
		`null`: "redacted", ``: "redacted", `"null"`: "redacted", `"unknown"`: "redacted", `22.5`: "redacted", `true`: "redacted",
		`{"token":"x"}`: "redacted", `[22]`: "redacted", `"eyJhbGciOi"`: "redacted", `99999999999999999999`: "redacted", `not json`: "redacted",
	} {
		if got := cell(record.Node{ConnectionPort: json.RawMessage(raw)}, "connection_port"); got != want {
			t.Errorf("port %s shows %v, want %v", raw, got, want)
		}
	}
}

func TestAge(t *testing.T) {
	at := float64(now.Unix())
	for _, c := range []struct {
		stateTime float64
		want      string
	}{
		{at, "00:00:00:00"}, {at - 59.9, "00:00:00:59"}, {at - 3661, "00:01:01:01"}, {at - 86400, "01:00:00:00"},
		{at - 1000*86400 - 1, "1000:00:00:01"}, {at + 5, "00:00:00:00"}, {math.NaN(), "00:00:00:00"}, {math.Inf(1), "00:00:00:00"},
		{0, "19983:08:25:00"}, {math.Inf(-1), "104249991374:07:36:32"},
	} {
		if got := cell(record.Node{StateTime: c.stateTime}, "age"); got != c.want {
			t.Errorf("age of state_time %v: %v, want %v", c.stateTime, got, c.want)
		}
	}
}

func TestParseFormat(t *testing.T) {
	if f, err := status.ParseFormat("JSON"); f != status.JSON || err != nil {
		t.Errorf("got %v, %v", f, err)
	}
	if _, err := status.ParseFormat("xml"); err == nil || !strings.Contains(err.Error(), "pretty, json or yaml") {
		t.Errorf("got %v; want an error that lists the formats", err)
	}
}

// One hostile record must not blow the grid up.
func TestPrettyCutsHugeCells(t *testing.T) {
	big := record.Node{ID: "1", Comment: strings.Repeat("x", 1<<20)}
	var b bytes.Buffer
	if err := status.NodeTable([]*record.Node{&big, {ID: "2"}, {ID: "3"}}, nil, true, now).Pretty(&b); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 200<<10 || !strings.Contains(b.String(), "xxx... ") {
		t.Errorf("table of %d bytes", b.Len())
	}
}

// harmless fails on bytes that a terminal may obey.
func harmless(t *testing.T, out string) {
	t.Helper()
	for _, r := range out {
		if r != '\n' && (r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e) {
			t.Fatalf("output contains %U:\n%q", r, out)
		}
	}
}

func FuzzHostileRecords(f *testing.F) {
	f.Add("evil\x1b[2J", []byte(`{"a": "\u001b"}`), 1.5)
	f.Add("\xff\u202e|\r\n\u0085\u2028", []byte("\"\x9b\""), math.Inf(1))
	f.Add("- a: [b]\n#", []byte(`1e999`), -1.0)
	f.Fuzz(func(t *testing.T, s string, raw []byte, num float64) {
		n := record.Node{ID: s, Type: []string{s, s}, StateTime: num, ExternalID: raw, UserData: raw, ConnectionPort: raw, Comment: s}
		r := record.Request{ID: s, NodeTypes: []string{s}, RelativePriority: num, Requestor: s}
		for _, table := range []status.Table{status.NodeTable([]*record.Node{&n}, nil, true, now), status.RequestTable([]*record.Request{&r})} {
			var pretty, j, y bytes.Buffer
			if err := table.Pretty(&pretty); err != nil {
				t.Fatal(err)
			}
			harmless(t, pretty.String())
			if lines := strings.Count(pretty.String(), "\n"); lines != 5 {
				t.Fatalf("%d lines in a table of one row:\n%s", lines, pretty.String())
			}
			if err := table.JSON(&j); err != nil {
				t.Fatal(err)
			}
			harmless(t, j.String())
			var v []map[string]json.RawMessage
			if err := json.Unmarshal(j.Bytes(), &v); err != nil || len(v) != 1 || len(v[0]) != len(table.Columns) {
				t.Fatalf("JSON does not read back: %v\n%s", err, j.String())
			}
			if err := table.YAML(&y); err != nil {
				t.Fatal(err)
			}
			harmless(t, y.String())
			var w []map[string]any
			if err := yaml.Unmarshal(y.Bytes(), &w); err != nil || len(w) != 1 {
				t.Fatalf("YAML does not read back: %v\n%s", err, y.String())
			}
		}
	})
}
