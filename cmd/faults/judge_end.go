package main

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// judgeProcesses: with the launchers gone nothing that they started runs.
func (w *world) judgeProcesses() {
	for _, l := range w.launchers {
		for _, p := range rig.Processes(l.StateDir) {
			w.verdict.add("orphan process", "%s: %s", l, p)
		}
	}
}

// kept are the entries of a state directory that stay: what initialised modules need, and who it belongs to. Nothing is
// below emptied without nodes and runs.
var (
	kept    = []string{"bases", "engine", "id", "lease", "lock", "member-version", "modules", "providers", "taken.json", "zookeeper-tree"}
	emptied = []string{"leaks", "lists", "plugins", "workspaces"}
)

// judgeDisk: a state directory without nodes holds initialised modules and nothing else.
func (w *world) judgeDisk() {
	for _, l := range w.launchers {
		err := filepath.WalkDir(l.StateDir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || path == l.StateDir {
				return err
			}
			rel, err := filepath.Rel(l.StateDir, path)
			if err != nil {
				return err
			}
			top, below, _ := strings.Cut(rel, "/")
			switch {
			case slices.Contains(emptied, top) && below == "":
				return nil
			case !slices.Contains(kept, top):
			case strings.HasPrefix(d.Name(), ".copy-"), strings.HasPrefix(d.Name(), ".gone-"), strings.HasSuffix(d.Name(), ".tmp"):
			default:
				return nil
			}
			w.verdict.add("left on disk", "%s: %s", l, rel)
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		})
		if err != nil {
			w.verdict.add("disk cannot be read", "%s: %v", l, err)
		}
	}
}

// judgeLocks: a moment after everybody has left, no ephemeral node is there. A lock held by the dead would be one, and so
// would a registered pool.
func (w *world) judgeLocks(ctx context.Context) {
	var left []string
	look := func() bool {
		left = nil
		return w.ephemeral(ctx, "/", &left) == nil && len(left) == 0
	}
	limit, cancel := context.WithTimeout(ctx, 30*time.Second) // a Python client's session is 10 s
	defer cancel()
	if until(limit, look) != nil {
		w.verdict.add("held by the dead", "%s", strings.Join(left, ", "))
	}
}

// ephemeral collects the ephemeral nodes below path.
func (w *world) ephemeral(ctx context.Context, path string, found *[]string) error {
	names, stat, err := w.session.Children(ctx, path)
	if err != nil {
		return fmt.Errorf("look into %s: %w", path, err)
	}
	if stat.EphemeralOwner != 0 {
		*found = append(*found, path)
	}
	for _, name := range names {
		below := strings.TrimSuffix(path, "/") + "/" + name
		if below == "/zookeeper" {
			continue
		}
		if err := w.ephemeral(ctx, below, found); err != nil {
			return err
		}
	}
	return nil
}

// crashed is how a Go program ends that has a bug.
var crashed = regexp.MustCompile(`(?m)^(panic:|fatal error:|WARNING: DATA RACE).*`)

// judgeLogs: no secret, no panic, and no slot that was found registered twice on the way.
func (w *world) judgeLogs() {
	for _, l := range w.launchers {
		log := l.Log()
		if i := strings.Index(log, secret); i >= 0 {
			start := strings.LastIndexByte(log[:i], '\n') + 1
			w.verdict.add("secret in a log", "%s: %s…", l, strings.ReplaceAll(log[start:i], secret, "SECRET"))
		}
		if strings.Contains(log, "fewer slots") { // the configuration never has fewer than there were
			w.verdict.add("slot registered twice", "%s deregistered one of two nodes of a slot", l)
		}
		for _, line := range crashed.FindAllString(log, 3) {
			w.verdict.add("launcher crashed", "%s: %s", l, line)
		}
	}
}
