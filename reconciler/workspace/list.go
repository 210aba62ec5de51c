package workspace

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/sweep"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

// Folders below the state directory for runs that belong to no workspace. What is in them lives as long as its run. They
// lie as deep as workspaces do: a relative module source must mean the same.
const (
	listsFolder = "lists"
	leaksFolder = "leaks"
)

// listTimeout bounds one list.
const listTimeout = 10 * time.Minute

// providerInput is the one input that a list module is given, if it has it: the name of the provider whose nodes'
// resources are wanted, so that the cloud can choose.
const providerInput = "provider_name"

// List asks a provider's cloud what it has, through the list module that the spec's module offers. done is told what
// was found, or nil where the module offers none; it runs in a goroutine of its own. It is not called when the manager
// is closed first, nor when List reports false: that very list is already being made for an earlier caller. Providers
// that share a module and its configuration have a list each: it waits until the provider is idle.
func (m *Manager) List(provider string, spec *modules.Spec, done func(found []sweep.Resource, err error)) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.background(provider, execute.List, "list "+provider+" "+spec.Key(), func() {
		m.cleanUp()
		found, err := m.list(provider, spec)
		if m.ctx.Err() == nil {
			done(found, err)
		}
	})
}

// list is never nil without an error when the module offers a list.
func (m *Manager) list(provider string, spec *modules.Spec) ([]sweep.Resource, error) {
	base, err := m.bases.Lister(m.ctx, spec)
	if err != nil || base == nil {
		return nil, err
	}
	inputs := map[string]cty.Value{}
	if base.Declares(providerInput) {
		inputs[providerInput] = cty.StringVal(provider)
	}
	block, err := templates.RenderList(templates.List{Source: base.Source, Inputs: inputs})
	if err != nil {
		return nil, err
	}
	dir, err := m.sideFolder(listsFolder, []string{provider, base.Name}, base, map[string][]byte{templates.ListBlock + ".tf": block})
	if err != nil {
		return nil, err
	}
	if err := m.runSide(provider, dir, m.upkeepJob(execute.List, listTimeout), "list what provider "+provider+" has"); err != nil {
		return nil, err
	}
	text, err := execute.ReadOutput(dir, templates.ListBlock)
	_ = os.RemoveAll(dir) // the next list makes it anew
	if err != nil {
		return nil, err
	}
	return parseList(text)
}

func parseList(text string) ([]sweep.Resource, error) {
	items, err := execute.ParseList(text)
	if err != nil {
		return nil, err
	}
	found := make([]sweep.Resource, 0, len(items))
	for i, it := range items {
		r := sweep.Resource{Type: it.Type, Tags: it.Tags}
		if it.ID != nil {
			r.ID = fmt.Sprint(it.ID)
		}
		if r.Type == "" || r.ID == "" {
			return nil, &execute.Error{Class: execute.Config, Op: fmt.Sprintf("read the output resources of the list module: element %d", i), Err: errors.New("it has no type or no id")}
		}
		r.Created, _ = time.Parse(time.RFC3339, it.Created) // unreadable: not told
		found = append(found, r)
	}
	return found, nil
}

// sideFolder makes a folder for one run beside the workspaces, ready for it. A worker of an earlier daemon that is still
// at work there is an error.
func (m *Manager) sideFolder(kind string, about []string, base *execute.Base, files map[string][]byte) (string, error) {
	sum := sha256.Sum256([]byte(strings.Join(about, "\x00"))) // ids may be long, and hold anything
	dir := filepath.Join(m.opts.Dir, kind, hex.EncodeToString(sum[:8]))
	if err := execute.Vacant(dir); err != nil {
		return "", fmt.Errorf("%s: an earlier run is still at work: %w", dir, err)
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if err := base.Populate(dir, []string{templates.ListBlock}); err != nil {
		return "", err
	}
	for name, data := range files {
		if err := execute.WriteFile(filepath.Join(dir, name), data); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// runSide runs a job of a provider's background beside the workspaces to its end.
func (m *Manager) runSide(provider, dir string, job execute.Job, what string) error {
	run, err := execute.Start(m.opts.Self, dir, job)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	seen := newRunLog()
	rep, err := run.Follow(m.ctx, nil, seen.see)
	if err != nil {
		return err
	}
	m.learn(provider, execute.List, rep.MaxRSS)
	m.opts.Log.Debug("run ended", "kind", job.Kind, "folder", filepath.Base(dir), "dur", rep.Wall.Round(time.Millisecond), "cpu", rep.CPU.Round(time.Millisecond), "err", rep.Error)
	if rep.Error == "" {
		return nil
	}
	text, class := rep.Error, execute.Unknown
	if ds := seen.errors[""]; len(ds) > 0 && rep.Interrupted.IsZero() {
		text, class = ds[0].Text(), ds[0].Class()
	}
	return &execute.Error{Class: class, Op: what, Err: errors.New(text)}
}

// cleanUp removes, once, what runs of earlier daemons left beside the workspaces. A run that still goes on keeps its
// folder, and what a lost one was about is found again by the next list.
func (m *Manager) cleanUp() {
	m.mu.Lock()
	first := !m.upkeep.cleaned
	m.upkeep.cleaned = true
	m.mu.Unlock()
	if !first {
		return
	}
	for _, kind := range []string{listsFolder, leaksFolder} {
		left, _ := filepath.Glob(filepath.Join(m.opts.Dir, kind, "*"))
		for _, dir := range left {
			if execute.Vacant(dir) == nil {
				_ = os.RemoveAll(dir)
			}
		}
	}
}
