package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// skewVariable names the file that says how many seconds a skewed launcher's clock is off.
const skewVariable = "NODEPOOL_TF_TEST_SKEW"

// now is the beginning of time.Now in Go's library.
const now = "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n"

//go:embed skew.go.txt
var skewSource []byte

// buildSkewed compiles the launcher as it is, with a standard library whose time.Now is off by what a file says. Go asks
// the kernel for the time without a library in between, so faketime does not reach it; time name spaces leave the wall
// clock alone; and setting the machine's clock would hit everybody on it. The package's source is that of the toolchain
// at hand with one line added (go build -overlay): nothing in the launcher's own source is for tests.
func buildSkewed(ctx context.Context, dir string) (string, error) {
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("find Go's library: %w", err)
	}
	library := filepath.Join(strings.TrimSpace(string(root)), "src", "time")
	source, err := os.ReadFile(filepath.Join(library, "time.go"))
	if err != nil {
		return "", err
	}
	if strings.Count(string(source), now) != 1 {
		return "", errors.New("time.Now of this Go is not what the suite knows how to change: adapt cmd/faults/skew.go")
	}
	// In the project's .cache: an unchanged overlay at the same place is compiled once.
	overlay := filepath.Join(rig.Root(), ".cache", "skew")
	replace := map[string]string{}
	for name, text := range map[string][]byte{
		"time.go": []byte(strings.Replace(string(source), now, now+"\tsec += skewed()\n", 1)), "zskewed.go": skewSource,
	} {
		path := filepath.Join(overlay, name)
		if err := keep(path, text); err != nil {
			return "", err
		}
		replace[filepath.Join(library, name)] = path
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	list := filepath.Join(overlay, "overlay.json")
	if err := keep(list, data); err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "nodepool-tf")
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", list, "-o", binary, "./cmd/nodepool-tf")
	cmd.Dir = rig.Root()
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the launcher: %w\n%s", err, out)
	}
	return binary, nil
}

// keep writes a file in one step, unless it is so already.
func keep(path string, data []byte) error {
	if was, err := os.ReadFile(path); err == nil && string(was) == string(data) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	tmp := fmt.Sprintf("%s.%d", path, os.Getpid())
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
