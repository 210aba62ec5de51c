package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

// Records as others wrote them. What is in them is hostile: an escape sequence, a token.
var hostileRecords = map[string]string{
	"/nodepool/nodes/0000000001":                                         `{"state": "ready", "state_time": 1, "provider": "local", "pool": "main", "type": ["small"], "external_id": "i-1"}`,
	"/nodepool/nodes/0000000002":                                         "{\"state\": \"in-use\", \"state_time\": 1, \"provider\": \"evil\\u001b[2J\", \"type\": [\"\\u001b]0;x\\u0007\"], \"allocated_to\": \"\\u009b31m\"}",
	"/nodepool/nodes/0000000003":                                         `{"state": "ready", "state_time": 1, "provider": "far", "type": ["pod"], "connection_port": {"token": "eyJ.SECRET"}, "np_future": 7}`,
	"/nodepool/nodes/0000000004":                                         `{"state": "deleting", "state_time": 1, "provider": "far", "type": ["pod"]}`,
	"/nodepool/nodes/0000000005":                                         "\x1b[2J no JSON",
	"/nodepool/images/noble/builds/b1":                                   `{"state": "ready", "state_time": 1, "formats": "qcow2"}`,
	"/nodepool/images/noble/builds/b2":                                   `{"state": "building", "state_time": 2}`,
	"/nodepool/images/no-ble/builds/b3":                                  `{"state": "failed", "state_time": 3}`,
	"/nodepool/images/noble/builds/b1/providers/far/images/0000000001":   `{"state": "ready", "state_time": 1, "external_id": "img-\u001b[2J"}`,
	"/nodepool/images/noble/builds/b1/providers/far/images/0000000002":   `{"state": "uploading", "state_time": 2}`,
	"/nodepool/images/noble/builds/b1/providers/local/images/0000000001": `{"state": "ready", "state_time": 1, "external_id": "img-2"}`,
	"/nodepool/images/noble/builds/b1/providers/far/images/lock":         "",
	"/nodepool/images/noble/builds/lock":                                 "",
}

func (r *testRig) seed(records map[string]string) {
	r.t.Helper()
	for path, data := range records {
		if _, err := r.s.CreateAll(r.ctx, path, []byte(data), 0); err != nil && !strings.Contains(err.Error(), "exists") {
			r.t.Fatal(err)
		}
		if _, err := r.s.Set(r.ctx, path, []byte(data), -1); err != nil {
			r.t.Fatal(err)
		}
	}
}

// read returns a znode, false when there is none.
func (r *testRig) read(path string) (string, bool) {
	r.t.Helper()
	there, _, err := r.s.Exists(r.ctx, path)
	if err != nil {
		r.t.Fatal(err)
	}
	if !there {
		return "", false
	}
	data, _, err := r.s.Get(r.ctx, path)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(data), true
}

// TestRecordCommands runs each command that reads or writes records, without a launcher, in this order.
func TestRecordCommands(t *testing.T) {
	t.Parallel()
	r := newRig(t, strings.Replace(instantConfig, "labels:", "diskimages: [{name: noble}, {name: idle, pause: true}]\nlabels:", 1))
	s, err := r.Session(r.ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r.s = s
	r.seed(hostileRecords)
	cases := []struct {
		args string
		code int
		says string // in stdout or stderr
		not  string
	}{
		{"list", 0, "0000000003", ""},
		{"list --output json", 0, "[", "SECRET"},
		{"list --detail", 0, "redacted", "SECRET"},
		{"list extra", 2, "takes no argument", ""},
		{"info far", 0, "| noble      | b1       | 0000000001,0000000002 |", "img-2"},
		{"info far --output yaml", 0, "server_id: null", ""}, // in any order, as in Nodepool
		{"info far --nonsense", 2, "one argument", ""},
		{"info --output yaml far", 0, "server_id: null", ""},
		{"info nowhere", 0, "nodepool-tf list", ""},
		{"info --strict nowhere", 3, "nothing is known", ""},
		{"info", 2, "name of a provider", ""},

		{"hold 0000000001", 0, "| hold ", ""},
		{"hold --output json 0000000001", 0, `"state": "hold"`, ""},
		{"hold 9999999999", 0, "there is no node 9999999999", ""},
		{"hold --strict 9999999999", 3, "nodepool-tf list", ""},
		{"hold --strict ../requests", 3, "there is no node", ""},
		{"hold --strict 0000000004", 4, "cannot be held", ""},
		{"hold 0000000005", 1, "parse node", ""},
		{"hold", 2, "id of a node", ""},
		{"delete 0000000003", 0, "| deleting ", "SECRET"},
		{"delete 0000000003", 0, "no launcher that serves provider far is running", ""},
		{"delete --strict 9999999999", 3, "there is no node", ""},
		{"delete --now 0000000003", 0, "nothing was done", ""},
		{"delete --now --strict 0000000003", 4, "without --now", ""},

		{"image-list", 0, "img-2", ""},
		{"dib-image-list", 0, "noble-b1", ""},
		{"image-status", 0, "| no-ble | False  |", ""},
		{"image-pause noble", 0, "", ""},
		{"image-pause noble", 0, "", ""},
		{"dib-image-list --output yaml", 0, "state: paused", ""},
		{"image-unpause noble", 0, "", ""},
		{"image-unpause noble", 0, "", ""},
		{"dib-image-list --output yaml", 0, "state: building", "state: paused"},
		{"image-pause nonsense", 1, "image-status", ""},
		{"image-pause a/b", 1, "no builder has made", ""},
		{"image-build nonsense", 1, "not among the diskimages", ""},
		{"image-build idle", 1, "pause: true", ""},
		{"image-build noble", 0, "", ""},
		{"image-status", 0, "pending", ""},
		{"image-delete --provider far --image noble --build-id b1", 2, "upload-id", ""},
		{"image-delete --strict --provider far --image noble --build-id b1 --upload-id 7", 3, "there is no upload", ""},
		{"image-delete --strict --provider far --image noble --build-id b1 --upload-id lock", 3, "there is no upload", ""},
		{"image-delete --provider far --image noble --build-id b1 --upload-id 0000000002", 0, "in progress", ""},
		{"image-delete --provider far --image noble --build-id b1 --upload-id 0000000001", 0, "", ""},
		{"image-list", 0, "deleting", ""},
		{"dib-image-delete noble", 1, "<image>-<build id>", ""},
		{"dib-image-delete --strict noble-lock", 3, "there is no image build", ""},
		{"dib-image-delete --strict noble-b2", 4, "in progress", ""},
		{"dib-image-delete no-ble-b3", 0, "", ""},
		{"dib-image-list", 0, "deleting", ""},

		{"erase --strict nowhere", 3, "no record of provider nowhere", ""},
		{"erase --strict a/b", 3, "no name", ""},
		{"erase far", 0, "nothing was erased", ""}, // stdin has ended
		{"erase --force --output json far", 0, `"0000000003"`, ""},
		{"erase --force --strict far", 3, "no record", ""},
		{"list --timeout 1m", 0, "0000000001", "0000000003"},
		{"image-list", 0, "local", "far"},
	}
	for _, c := range cases {
		stdout, stderr, code := r.out(strings.Fields(c.args)...)
		all := stdout + stderr
		if code != c.code || !strings.Contains(all, c.says) || c.not != "" && strings.Contains(all, c.not) {
			t.Errorf("%s: exit %d, want %d saying %q and not %q\n%s\n%s", c.args, code, c.code, c.says, c.not, stdout, stderr)
		}
		if strings.ContainsAny(all, "\x1b\x07\u009b") {
			t.Errorf("%s: a control sequence reaches the terminal: %q", c.args, all)
		}
	}
	if data, _ := r.read("/nodepool/nodes/0000000001"); !strings.Contains(data, `"hold"`) || !strings.Contains(data, `"i-1"`) {
		t.Errorf("the held node is %s", data)
	}
	for _, path := range []string{"/nodepool/nodes/0000000003", "/nodepool/images/noble/builds/b1/providers/far"} {
		if data, there := r.read(path); there {
			t.Errorf("%s is left: %s", path, data)
		}
	}
	if _, there := r.read("/nodepool/nodes/0000000002"); !there {
		t.Error("another provider's node is gone")
	}
}

// TestErasePrompt: only y is yes.
func TestErasePrompt(t *testing.T) {
	t.Parallel()
	r := newRig(t, instantConfig)
	s, err := r.Session(r.ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r.s = s
	for answer, erased := range map[string]bool{"y\n": true, "Y\n": true, " y \n": true, "yes\n": false, "\n": false, "": false, "n\n": false} {
		r.seed(map[string]string{"/nodepool/nodes/0000000003": `{"state": "ready", "state_time": 1, "provider": "far", "type": ["pod"]}`})
		var out strings.Builder
		cmd := r.Command(r.ctx, "erase", "far")
		cmd.Stdin, cmd.Stderr = strings.NewReader(answer), &out
		if err := cmd.Run(); err != nil {
			t.Errorf("%q: %v", answer, err)
		}
		if _, there := r.read("/nodepool/nodes/0000000003"); there == erased || !strings.Contains(out.String(), "cannot be undone") || !strings.Contains(out.String(), "leaks") {
			t.Errorf("%q: the node is there: %v\n%s", answer, there, &out)
		}
	}
}

// TestOnlyZooKeeperSettings: what is broken elsewhere in the configuration keeps nobody from records (D-01).
func TestOnlyZooKeeperSettings(t *testing.T) {
	t.Parallel()
	r := newRig(t, "labels: 7\nproviders: [{name: p, driver: terraform, pools: nonsense}]")
	for _, args := range []string{"list", "info p", "hold 1", "image-list"} {
		if _, stderr, code := r.out(strings.Fields(args)...); code != 0 {
			t.Errorf("%s: exit %d, %s", args, code, stderr)
		}
	}
	if _, stderr, code := r.out("image-build", "x"); code != 1 || !strings.Contains(stderr, "labels") {
		t.Errorf("image-build needs the images: exit %d, %s", code, stderr)
	}
}

// TestZuulAndOperator: Zuul's locks keep an operator's commands off a node in use; one that waits gets the node when Zuul
// gives it back, before the launcher deletes it; and deleted it is gone, in the cloud, too.
func TestZuulAndOperator(t *testing.T) {
	t.Parallel()
	r := newZuulRig(t, instantConfig)
	id := r.ask([]string{"small"}, nil)
	r.await(id, "fulfilled")
	var accepted struct{ Nodes []map[string]any }
	r.do("accept", request(id), &accepted)
	r.do("use", request(id), nil)
	node, _ := accepted.Nodes[0]["id"].(string)

	waiting := r.Command(r.ctx, "hold", "--wait", "--output", "json", node)
	var out strings.Builder
	waiting.Stdout = &out
	if err := waiting.Start(); err != nil {
		t.Fatal(err)
	}
	_, stderr, code := r.out("delete", node)
	if code != 1 || !strings.Contains(stderr, "in-use, for request "+id) || !strings.Contains(stderr, "explain "+node) {
		t.Errorf("delete of a locked node: exit %d, %s", code, stderr)
	}
	r.eventually("the command queues", func() bool {
		names, _, err := r.s.Children(r.ctx, "/nodepool/nodes/"+node+"/lock")
		return err == nil && len(names) == 2
	})
	r.do("give_back", request(id), nil)
	if err := waiting.Wait(); err != nil {
		t.Fatal(err)
	}
	var rows []map[string]any
	if err := json.Unmarshal([]byte(out.String()), &rows); err != nil || len(rows) != 1 || rows[0]["state"] != "hold" {
		t.Fatalf("hold --wait says %s", &out)
	}
	if err := r.WaitNode(r.ctx, node, record.NodeHold); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := r.out("delete", "--now", "--output", "json", node)
	if code != 0 || strings.TrimSpace(stdout) != "[]" || stderr != "" && !strings.Contains(stderr, "configuration") {
		t.Errorf("delete --now: exit %d, %q, %s", code, stdout, stderr)
	}
	r.empty()
}

// TestDeleteNowTellsWhoIsMissing: with no launcher the record says `deleting` and the operator who has to be started.
func TestDeleteNowTellsWhoIsMissing(t *testing.T) {
	t.Parallel()
	r := newRig(t, instantConfig).start()
	req := r.wait(r.submit("small"), record.RequestFulfilled)
	r.kill()
	cmd := r.Command(r.ctx, "delete", "--now", req.Nodes[0])
	var out strings.Builder
	cmd.Stderr = &out
	// Its session, and with it its lease, lives on for a while.
	r.eventually("the lease is gone", func() bool {
		ids, _, err := r.s.Children(r.ctx, "/nodepool-tf/launchers")
		if err != nil || len(ids) != 1 {
			return false
		}
		alive, _, err := r.s.Children(r.ctx, "/nodepool-tf/launchers/"+ids[0]+"/alive")
		return err == nil && len(alive) == 0
	})
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.eventually("the node is being deleted", func() bool {
		data, _, err := r.s.Get(r.ctx, "/nodepool/nodes/"+req.Nodes[0])
		return err == nil && strings.Contains(string(data), `"deleting"`)
	})
	r.start()
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, &out)
	}
	if !strings.Contains(out.String(), "is not running") || !strings.Contains(out.String(), "nodepool-tf launcher") {
		t.Errorf("it says %s", &out)
	}
	if there, _, err := r.s.Exists(r.ctx, "/nodepool/nodes/"+req.Nodes[0]); err != nil || there {
		t.Errorf("there: %v, %v", there, err)
	}
}

// TestInterrupted: Ctrl-C ends a command that waits for a lock; it leaves the queue, and the node as it was.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	r := newRig(t, instantConfig)
	s, err := r.Session(r.ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r.s = s
	r.seed(map[string]string{"/nodepool/nodes/0000000001": hostileRecords["/nodepool/nodes/0000000001"]})
	peer := zktest.Kazoo(t, r.Servers[0]+r.Chroot)
	if held := peer.Do("try", "/nodepool/nodes/0000000001/lock"); held != true {
		t.Fatalf("kazoo says %v", held)
	}
	contenders := func() int {
		names, _, err := s.Children(r.ctx, "/nodepool/nodes/0000000001/lock")
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	cmd := r.Command(r.ctx, "hold", "--wait", "0000000001")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.eventually("the command queues", func() bool { return contenders() == 2 })
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if _ = cmd.Wait(); cmd.ProcessState.ExitCode() != 130 {
		t.Errorf("exit %d", cmd.ProcessState.ExitCode())
	}
	r.eventually("it has left", func() bool { return contenders() == 1 })
	if data, _ := r.read("/nodepool/nodes/0000000001"); !strings.Contains(data, `"ready"`) {
		t.Errorf("the node is %s", data)
	}
}
