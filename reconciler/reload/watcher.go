package reload

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
)

// Files are what a configuration is loaded from.
type Files struct {
	Main   string
	Secure string   // "" for none
	Env    []string // the process environment
}

// Loaded is what a look at changed files gave: a configuration, or why there is none.
type Loaded struct {
	Config *config.Config
	Issues []config.Issue
	Err    error
	// Asked is set when somebody asked for it (SIGHUP), whether or not the files have changed.
	Asked bool
}

// Watcher loads files each time that they have changed.
type Watcher struct {
	Files Files
	Log   *slog.Logger
	// Asked has the files loaded whether or not they have changed.
	Asked <-chan os.Signal
	// Take is given what was loaded. It may take its time; what changes meanwhile is looked at afterwards. False asks for
	// another try with the same files: what they need is not there yet.
	Take func(context.Context, Loaded) bool
}

// The paces of a Watcher.
const (
	pollEvery  = 10 * time.Second // where no event tells: network file systems, links into other folders
	againAfter = 30 * time.Second // after Take asked for another try
	settleTime = 200 * time.Millisecond
	settleMost = 5 * time.Second
)

// Run watches until ctx ends. known is the Hash of the configuration in force.
func (w *Watcher) Run(ctx context.Context, known string) {
	changes, stop := w.watchFolders()
	defer stop()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	var again <-chan time.Time
	for {
		force, asked := false, false
		select {
		case <-ctx.Done():
			return
		case <-w.Asked:
			force, asked = true, true
		case <-again:
			force = true
		case <-changes:
		case <-poll.C:
		}
		if !force {
			now := w.settled(ctx, known)
			if now == known || ctx.Err() != nil {
				continue
			}
			known = now
		}
		again = nil
		if !w.Take(ctx, w.load(ctx, &known, asked)) {
			again = time.After(againAfter)
		}
	}
}

// settled is what the files hold once that has stayed the same for a moment: whoever writes a file in place is given the
// time to finish it. Known is found at once.
func (w *Watcher) settled(ctx context.Context, known string) string {
	began, before := time.Now(), w.digest(ctx)
	for before != known && time.Since(began) < settleMost {
		select {
		case <-time.After(settleTime):
		case <-ctx.Done():
			return before
		}
		now := w.digest(ctx)
		if now == before {
			break
		}
		before = now
	}
	return before
}

// load loads the files and notes what was loaded.
func (w *Watcher) load(ctx context.Context, known *string, asked bool) Loaded {
	if asked {
		*known = w.digest(ctx)
	}
	l := Loaded{Asked: asked}
	l.Config, l.Issues, l.Err = config.Load(w.Files.Main, w.Files.Secure, w.Files.Env)
	if l.Config != nil {
		*known = l.Config.Hash
	}
	return l
}

// A file may be missing for a moment while another takes its place (config-reference.md 1.5).
const (
	missingTries = 3
	missingPause = 500 * time.Millisecond
)

// digest tells contents of the files apart, and why they cannot be read.
func (w *Watcher) digest(ctx context.Context) string {
	for try := 1; ; try++ {
		hash, err := config.Digest(w.Files.Main, w.Files.Secure, w.Files.Env)
		if err == nil {
			return hash
		}
		if try == missingTries {
			return err.Error()
		}
		select {
		case <-time.After(missingPause):
		case <-ctx.Done():
			return err.Error()
		}
	}
}
