package lookup

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

func TestCredentials(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ text, want string }{
		"good":    {`{"clientId": "c", "clientSecret": "hunter2", "tenantId": "t", "subscriptionId": "s", "activeDirectoryEndpointUrl": "https://login.microsoftonline.com"}`, ""},
		"missing": {`{"clientId": "c", "clientSecret": "hunter2", "tenantId": ""}`, "has no tenantId"},
		"no JSON": {`clientSecret: hunter2`, "is not a JSON object"},
		"a list":  {`["hunter2"]`, "is not a JSON object"},
		"types":   {`{"clientId": "c", "clientSecret": ["hunter2"], "tenantId": "t", "subscriptionId": "s"}`, "is not a JSON object"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readCredentials(path)
		var refused *driver.Refused
		switch {
		case c.want == "" && (err != nil || got != credentials{"c", "hunter2", "t", "s"}):
			t.Errorf("%s: %+v %v", name, got, err)
		case c.want != "" && (!errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2")):
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := readCredentials(filepath.Join(dir, "none")); err == nil || !strings.Contains(err.Error(), "auth-path") {
		t.Errorf("%v", err)
	}
}

// FuzzCredentials: whatever the file holds, nothing of it is in an error.
func FuzzCredentials(f *testing.F) {
	f.Add([]byte(`{"clientId": "c", "clientSecret": "hunter2"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, append([]byte(`{"clientSecret": "sesame-sesame", `), data...), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readCredentials(path); err != nil && strings.Contains(err.Error(), "sesame-sesame") {
			t.Error(err)
		}
	})
}
