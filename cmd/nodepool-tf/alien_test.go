package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// TestAlienList: of all that the cloud has, what carries our provider's name and whose node has no record is listed,
// beside a running launcher, and nothing is left of having looked.
func TestAlienList(t *testing.T) {
	r := newCloudRig(t, api.Settings{})
	temp := t.TempDir()
	r.Env = append(r.Env, "TMPDIR="+temp)
	r.wait(r.submit("vm"), record.RequestFulfilled)
	leaked := r.plant("leaked", map[string]string{modules.TagProvider: "sim", modules.TagNodeID: "0000009999", modules.TagLauncher: r.stateID()})
	alien := r.plant("alien", map[string]string{modules.TagProvider: "sim", modules.TagNodeID: "0000009998", modules.TagLauncher: "another"})
	r.plant("other", map[string]string{modules.TagProvider: "elsewhere", modules.TagNodeID: "0000009997"})
	r.plant("untagged", nil)

	stdout, stderr, code := r.out("alien-list", "--output", "json", "sim")
	var rows []map[string]any
	if err := json.Unmarshal([]byte(stdout), &rows); err != nil || code != 0 || len(rows) != 2 {
		t.Fatalf("exit %d: %v\n%s\n%s", code, err, stdout, stderr)
	}
	for _, row := range rows {
		switch row["id"] {
		case leaked:
			if row["node"] != "0000009999" || row["made_by"] != mustHost(t) || row["workspace"] != nil {
				t.Errorf("leaked: %v", row)
			}
		case alien:
			if !strings.Contains(row["made_by"].(string), "another ZooKeeper tree") {
				t.Errorf("alien: %v", row)
			}
		default:
			t.Errorf("%v", row)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(temp, "*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if !r.has(leaked) {
		t.Error("looking removed something")
	}
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"alien-list --strict nowhere", 3, "is not in"},
		{"alien-list a b", 2, "one argument"},
		{"alien-image-list", 0, "no driver that lists the images"},
		{"alien-image-list --output json sim", 0, "[]"},
	} {
		stdout, stderr, code := r.out(strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(stdout+stderr, c.says) {
			t.Errorf("%s: exit %d\n%s%s", c.args, code, stdout, stderr)
		}
	}
	if err := r.cloud.Configure(r.ctx, "acme", api.Settings{Token: "changed"}); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code = r.out("alien-list")
	if code != 1 || !strings.Contains(stderr, "provider sim cannot be asked") || strings.Contains(stdout+stderr, "s3cr3t") {
		t.Errorf("refused: exit %d\n%s%s", code, stdout, stderr)
	}
	if err := r.cloud.Configure(r.ctx, "acme", api.Settings{Token: "s3cr3t"}); err != nil {
		t.Fatal(err)
	}
}

func mustHost(t *testing.T) string {
	t.Helper()
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	return name
}
