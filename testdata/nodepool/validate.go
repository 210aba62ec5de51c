package nodepool

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os/exec"
	"strings"
)

//go:embed validate.py
var validateScript string

// Validate returns what Nodepool's config-validate exits with, by file. python is that of Venv, env what its process
// gets ("NAME=value").
func Validate(ctx context.Context, python string, env []string, files ...string) (map[string]int, error) {
	cmd := exec.CommandContext(ctx, python, append([]string{"-c", validateScript}, files...)...)
	cmd.Env = env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("run nodepool's validator: %w: %s", err, stderr.Bytes())
	}
	codes := map[string]int{}
	for line := range strings.Lines(string(out)) {
		code, path, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		codes[path] = map[string]int{"0": 0, "1": 1}[code]
	}
	if len(codes) != len(files) {
		return nil, fmt.Errorf("nodepool's validator answered for %d of %d files: %s", len(codes), len(files), stderr.Bytes())
	}
	return codes, nil
}
