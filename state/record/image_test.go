package record

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var wholeImage = cmp.Options{cmp.AllowUnexported(ImageBuild{}, ImageUpload{}, left{}), cmpopts.EquateEmpty(), cmpopts.EquateNaNs()}

// TestImageRecords reads what Python writes and writes it back: protocol.md 2.3 and 2.4.
func TestImageRecords(t *testing.T) {
	const build = `{"builder": "nb01.example.org", "builder_id": "7c1d2e3f", "formats": "qcow2,raw", "state": "ready", "state_time": 1726500012.5, "username": "zuul", "python_path": "auto", "shell_type": null, "np_future": [1]}`
	b, err := ParseImageBuild("noble", "2f1c", []byte(build))
	if err != nil || b.State != BuildReady || len(b.Formats) != 2 || b.Builder != "nb01.example.org" || string(b.Encode()) != build {
		t.Errorf("%+v %v\n%s", b, err, b.Encode())
	}
	const bare = `{"state": "building", "state_time": 1, "username": null, "python_path": null, "shell_type": null}`
	if b, err = ParseImageBuild("noble", "2f1c", []byte(bare)); err != nil || string(b.Encode()) != bare {
		t.Errorf("%v\n%s", err, b.Encode())
	}
	const upload = `{"external_id": "c0ffee00", "external_name": "noble-1726503401", "format": "qcow2", "state": "ready", "state_time": 1726503911.2, "username": "zuul", "python_path": "auto", "shell_type": null}`
	u, err := ParseImageUpload("noble", "2f1c", "cloud-a", "0000000001", []byte(upload))
	if err != nil || u.ExternalID != "c0ffee00" || string(u.Encode()) != upload {
		t.Errorf("%+v %v\n%s", u, err, u.Encode())
	}
	for _, bad := range []string{"", "[]", `{"state": "uploaded"}`, `{"state": null}`} {
		if _, err := ParseImageUpload("noble", "2f1c", "cloud-a", "1", []byte(bad)); err == nil {
			t.Errorf("upload %q is read", bad)
		}
		if _, err := ParseImageBuild("noble", "2f1c", []byte(bad)); err == nil {
			t.Errorf("build %q is read", bad)
		}
	}
	// What cannot be read is written back as it was.
	u, err = ParseImageUpload("noble", "2f1c", "cloud-a", "1", []byte(`{"state": "failed", "format": 7}`))
	if err != nil || len(u.Problems) != 1 || !strings.Contains(string(u.Encode()), `"format": 7`) {
		t.Errorf("%+v %v", u, err)
	}
}

func FuzzParseImage(f *testing.F) {
	seed(f)
	f.Add([]byte(`{"state": "building", "formats": ",a,,b", "builder": {}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if first, err := ParseImageBuild("i", "b", data); err == nil {
			second, err := ParseImageBuild("i", "b", first.Encode())
			if diff := cmp.Diff(first, second, wholeImage); err != nil || diff != "" {
				t.Errorf("%v in %s\n%s", err, first.Encode(), diff)
			}
		}
		if first, err := ParseImageUpload("i", "b", "p", "1", data); err == nil {
			second, err := ParseImageUpload("i", "b", "p", "1", first.Encode())
			if diff := cmp.Diff(first, second, wholeImage); err != nil || diff != "" {
				t.Errorf("%v in %s\n%s", err, first.Encode(), diff)
			}
		}
	})
}
