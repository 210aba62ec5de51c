package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

const adminToken = "correct-horse-battery"

// withAdminToken gives a rig a secure file with an admin token.
func withAdminToken(t *testing.T) func(*rig.Options) {
	return func(o *rig.Options) {
		o.Secure = filepath.Join(t.TempDir(), "secure.yaml")
		if err := os.WriteFile(o.Secure, []byte("webapp: {admin-token: "+adminToken+"}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// press sends a form of the dashboard.
func (r *testRig) press(path, token string, form url.Values) (int, string) {
	r.t.Helper()
	q, err := http.NewRequestWithContext(r.ctx, http.MethodPost, "http://"+r.Web()+path, strings.NewReader(form.Encode()))
	if err != nil {
		r.t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if token != "" {
		q.Header.Set("Authorization", "Bearer "+token)
	}
	return r.answer(q)
}

// The dashboard of a launcher shows what it has, previews its plan, and holds and deletes a node for who knows the token.
func TestDashboard(t *testing.T) {
	t.Parallel()
	r := newRig(t, instantConfig, withAdminToken(t)).start()
	r.eventually("ready", func() bool { code, _ := r.page("/ready", ""); return code == http.StatusOK })
	req := r.wait(r.submit("small"), record.RequestFulfilled)
	node := req.Nodes[0]
	r.eventually("the node is shown", func() bool {
		_, body := r.page("/?state=ready", "text/html")
		return strings.Contains(body, `data-key="`+node+`"`)
	})
	if code, body := r.press("/dashboard/plan", "", url.Values{"provider": {"local"}}); code != http.StatusOK || !strings.Contains(body, "Plan for ") {
		t.Errorf("plan: %d %s", code, body)
	}
	if code, body := r.press("/dashboard/nodes/"+node+"/delete", "", nil); code != http.StatusUnauthorized {
		t.Errorf("delete without the token: %d %s", code, body)
	}
	if code, body := r.press("/dashboard/nodes/0000009999/hold", adminToken, nil); code != http.StatusConflict || !strings.Contains(body, "there is no node") {
		t.Errorf("hold what is not there: %d %s", code, body)
	}
	for _, what := range []string{"hold", "delete"} {
		if code, body := r.press("/dashboard/nodes/"+node+"/"+what, adminToken, nil); code != http.StatusNoContent {
			t.Errorf("%s: %d %s", what, code, body)
		}
	}
	r.empty()
	r.stop()
	if strings.Contains(r.Log(), adminToken) {
		t.Error("the token is in the log")
	}
}
