package venv

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ErrUnavailable means that this machine cannot make the environment: no Python of 3.11 or
// newer, no venv module, or no package index within reach. A test then says so and is skipped,
// except in CI, where it fails.
var ErrUnavailable = errors.New("no Python environment can be made here")

// Env is one program with the packages it needs.
type Env struct {
	Name, Version string
	Requirements  []byte // a pip requirements file that lists everything, installed with --no-deps
	Imports       string // modules that must import, "a, b.c"
}

// Make returns the path of a Python that can import what env names. The environment is made once
// and kept below cacheDir ("" means nodepool-tf in the user's cache folder), keyed by the
// program's version, Python's version and the requirements; processes that want it at the same
// time wait for one another. Errors wrap ErrUnavailable when the machine is to blame.
func (e Env) Make(ctx context.Context, cacheDir string) (string, error) {
	base, version, err := e.findPython(ctx)
	if err != nil {
		return "", err
	}
	if cacheDir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			user = os.TempDir()
		}
		cacheDir = filepath.Join(user, "nodepool-tf")
	}
	if err := os.MkdirAll(cacheDir, 0o755); err != nil {
		return "", fmt.Errorf("make a folder for %s's environment: %w", e.Name, err)
	}
	name := fmt.Sprintf("%s-%s-py%s-%x", e.Name, e.Version, version, sha256.Sum256(e.Requirements))
	dir := filepath.Join(cacheDir, name[:len(name)-52]) // 12 digits of the hash tell enough
	unlock, err := lockFile(dir + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()

	python := filepath.Join(dir, "bin", "python")
	if _, err := os.Stat(filepath.Join(dir, "complete")); err == nil {
		return python, nil
	}
	// Left over from a run that was cut off.
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("remove the broken environment %s: %w", dir, err)
	}
	if err := e.install(ctx, base, dir); err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	return python, os.WriteFile(filepath.Join(dir, "complete"), nil, 0o644)
}

// install makes the environment in dir and proves that it imports what is wanted of it.
func (e Env) install(ctx context.Context, base, dir string) error {
	if out, err := run(ctx, base, "-m", "venv", dir); err != nil {
		return fmt.Errorf("%w: %s -m venv (Debian: apt-get install python3-venv): %w\n%s", ErrUnavailable, base, err, out)
	}
	list := filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(list, e.Requirements, 0o644); err != nil {
		return err
	}
	python := filepath.Join(dir, "bin", "python")
	if out, err := run(ctx, python, "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check", "-r", list); err != nil {
		return fmt.Errorf("%w: pip install of %s %s: %w\n%s", ErrUnavailable, e.Name, e.Version, err, out)
	}
	if out, err := run(ctx, python, "-c", "import "+e.Imports); err != nil {
		return fmt.Errorf("%s %s does not import with the packages of requirements.txt: %w\n%s", e.Name, e.Version, err, out)
	}
	return nil
}

// findPython looks for the newest Python on PATH that Zuul and Nodepool run on.
func (e Env) findPython(ctx context.Context) (path, version string, err error) {
	const ask = "import sys; print('%d.%d' % sys.version_info[:2]); sys.exit(sys.version_info < (3, 11))"
	var seen []string
	for _, name := range []string{"python3", "python3.14", "python3.13", "python3.12", "python3.11", "python"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		out, err := run(ctx, path, "-c", ask)
		if err == nil {
			return path, strings.TrimSpace(out), nil
		}
		seen = append(seen, fmt.Sprintf("%s (%s)", path, strings.TrimSpace(out)))
	}
	return "", "", fmt.Errorf("%w: %s %s needs Python 3.11 or newer, found %s", ErrUnavailable, e.Name, e.Version, strings.Join(append(seen, "no other"), ", "))
}

func run(ctx context.Context, name string, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}
