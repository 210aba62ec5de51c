package config

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/nodepool-tf/nodepool-tf/testdata/nodepool"
)

// ours are the cases that we judge otherwise than Nodepool, and why.
var ours = map[string]string{
	"admin-token":         "an option of ours",
	"backend":             "an option of ours",
	"backend-type":        "an option of ours",
	"aws-accepted":        "accepted: D31, D32",
	"azure-accepted":      "accepted: D48",
	"kubernetes-accepted": "accepted: D71, D75, D78, D80",
	"drivers-rest":        "the drivers test and example are left alone",
	"kubernetes-names":    "an option of ours",
	"metastatic-backing":  "accepted: D91",
	"yaml-int":            "integers have 64 bits",
	"zookeeper":           "accepted: D4",
}

// TestExitCodes holds default validation to the exit code of Nodepool's own
// validator, for every sample and every broken case that it can read at all.
func TestExitCodes(t *testing.T) {
	python, err := nodepool.Venv(t.Context(), "")
	if errors.Is(err, nodepool.ErrUnavailable) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	files := upstreamFiles(t)
	env := []string{"NODEPOOL_WEB_PORT=8006", "HOME=" + t.TempDir()}
	want, err := nodepool.Validate(t.Context(), python, env, slices.Sorted(maps.Values(files))...)
	if err != nil {
		t.Fatal(err)
	}
	counts := [2]int{}
	for name, path := range files {
		got := 0
		if HasErrors(Validate(path, "", env)) {
			got = 1
		}
		counts[want[path]]++
		if differs := got != want[path]; differs != (ours[name] != "") {
			t.Errorf("%s: exit code %d, Nodepool's is %d (%s)", name, got, want[path], ours[name])
		}
	}
	// An empty or all-failing set would prove nothing.
	if counts[0] < 30 || counts[1] < 50 {
		t.Errorf("Nodepool accepts %d files and refuses %d", counts[0], counts[1])
	}
}

// upstreamFiles writes the main file of each case without a driver or a variable
// of ours, and returns the paths by name, samples included.
func upstreamFiles(t *testing.T) map[string]string {
	files := map[string]string{}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "zk.pem"), nil)
	cases, _ := filepath.Glob(filepath.Join(testdata, "broken", "*.txtar"))
	for _, path := range cases {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".txtar")
		i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "nodepool.yaml" })
		env := slices.ContainsFunc(archive.Files, func(f txtar.File) bool { return f.Name == "env" })
		text := string(archive.Files[i].Data)
		if env || strings.Contains(text, "driver: terraform") {
			continue
		}
		files[name] = filepath.Join(dir, name+".yaml")
		write(t, files[name], []byte(strings.ReplaceAll(text, "zk.pem", filepath.Join(dir, "zk.pem"))))
	}
	samples, _ := filepath.Glob(filepath.Join(testdata, "samples", "sample-*.yaml"))
	for _, path := range samples {
		abs, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(path)] = abs
	}
	return files
}
