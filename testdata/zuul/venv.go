package zuul

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Version is the Zuul release that requirements.txt pins.
const Version = "14.3.0"

//go:embed requirements.txt
var requirements []byte

// ErrUnavailable means that this machine cannot make the environment: no Python of 3.11 or
// newer, no venv module, or no package index within reach. A test then says so and is skipped,
// except in CI, where it fails.
var ErrUnavailable = errors.New("zuul's own client cannot be run here")

// Venv returns the path of a Python that can import zuul.nodepool. The environment is made once
// and kept below cacheDir ("" means nodepool-tf in the user's cache folder), keyed by Zuul's
// version, Python's version and the requirements; processes that want it at the same time wait
// for one another. Errors wrap ErrUnavailable when the machine is to blame.
func Venv(ctx context.Context, cacheDir string) (string, error) {
	base, version, err := findPython(ctx)
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
		return "", fmt.Errorf("make a folder for Zuul's environment: %w", err)
	}
	name := fmt.Sprintf("zuul-%s-py%s-%x", Version, version, sha256.Sum256(requirements))
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
	if err := install(ctx, base, dir); err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	return python, os.WriteFile(filepath.Join(dir, "complete"), nil, 0o644)
}

// install makes the environment in dir and proves that it imports what the scripts need.
func install(ctx context.Context, base, dir string) error {
	if out, err := run(ctx, base, "-m", "venv", dir); err != nil {
		return fmt.Errorf("%w: %s -m venv (Debian: apt-get install python3-venv): %w\n%s", ErrUnavailable, base, err, out)
	}
	list := filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(list, requirements, 0o644); err != nil {
		return err
	}
	python := filepath.Join(dir, "bin", "python")
	if out, err := run(ctx, python, "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check", "-r", list); err != nil {
		return fmt.Errorf("%w: pip install of zuul %s: %w\n%s", ErrUnavailable, Version, err, out)
	}
	if out, err := run(ctx, python, "-c", "import zuul.nodepool, zuul.zk.nodepool, zuul.model"); err != nil {
		return fmt.Errorf("zuul %s does not import with the packages of requirements.txt: %w\n%s", Version, err, out)
	}
	return nil
}

// findPython looks for the newest Python on PATH that Zuul runs on.
func findPython(ctx context.Context) (path, version string, err error) {
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
	return "", "", fmt.Errorf("%w: zuul %s needs Python 3.11 or newer, found %s", ErrUnavailable, Version, strings.Join(append(seen, "no other"), ", "))
}

func run(ctx context.Context, name string, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// lockFile holds an exclusive lock on path until unlock, against other processes too.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock Zuul's environment: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return func() { f.Close() }, nil
}
