package templates_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

func TestBackendRefused(t *testing.T) {
	for want, block := range map[string]string{
		"first level":         `{"type":"remote","settings":{"workspaces":{"name":"${file(\"/etc/passwd\")}"}}}`,
		"not a setting's":     `{"type":"http","settings":{"a b":"c"}}`,
		"not a backend's":     `{"type":"http\" {}","settings":{}}`,
		"not an object":       `{"type":"http","settings":["a"]}`,
		"backend settings: ":  `{"type":"http"}`,
		"unexpected end of J": `{`,
	} {
		var b modules.BackendBlock
		err := json.Unmarshal([]byte(block), &b)
		if err == nil {
			_, err = templates.RenderBackend(b)
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "passwd") {
			t.Errorf("%s: %v", block, err)
		}
	}
}

// What a document says of a backend is hostile until it is read.
func FuzzBackend(f *testing.F) {
	f.Add([]byte(`{"type":"s3","settings":{"bucket":"${b}","endpoints":{"s3":"x"},"n":1e400,"o":null}}`))
	f.Add([]byte(`{"type":"s3","settings":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var b modules.BackendBlock
		if json.Unmarshal(data, &b) != nil {
			return
		}
		if files, err := templates.RenderBackend(b); err == nil && !json.Valid(files[templates.BackendFile]) {
			t.Errorf("rendered %s", files[templates.BackendFile])
		}
	})
}
