package execute

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

// noLender is a lender that has nothing.
const noLender = "/dev/null"

// Borrow is NewBases for a folder that is gone in a moment, and for runs that only look. What a state directory, lender,
// has initialised already is used where it lies and not touched; lender may be "". The rest is made in dir.
func Borrow(engine Engine, dir, lender string, log *slog.Logger) (*Bases, error) {
	for _, sub := range []string{"bases", "modules", "workspaces"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	b := NewBases(engine, dir, log)
	b.lender = noLender
	if lender == "" {
		return b, nil
	}
	b.lender = lender
	// Sources are relative, so a frozen module must lie beside the workspaces. One that cannot be read is made again.
	for _, module := range folders(filepath.Join(lender, "modules")) {
		if _, err := os.ReadDir(module); err == nil {
			if err := os.Symlink(module, filepath.Join(dir, "modules", filepath.Base(module))); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

// borrow has a sibling lie where the lender has it, if it has.
func (b *Bases) borrow(base *Base) bool {
	if b.lender == "" {
		return false
	}
	dir := filepath.Join(b.lender, "bases", base.Name)
	if _, err := os.Stat(filepath.Join(dir, readyFile)); err != nil {
		return false
	}
	if _, err := os.ReadFile(filepath.Join(dir, ".terraform", "modules", "modules.json")); err != nil {
		return false
	}
	base.dir, base.lent = dir, true
	return true
}

// Outline is the sibling for a module as far as it is known without an init: enough to render with.
func (b *Bases) Outline(ctx context.Context, spec *modules.Spec) (*Base, error) {
	name, source, err := b.identify(ctx, spec)
	if err != nil {
		return nil, err
	}
	root, err := templates.RenderRoot(templates.Root{RequiredProviders: spec.RequiredProviders, ProviderConfig: spec.ProviderConfig})
	if err != nil {
		return nil, &Error{Class: Config, Op: "render provider configuration", Err: err}
	}
	return &Base{Name: name, Source: source, root: root}, nil
}

// CopyModules copies the frozen modules that are wanted into a folder.
func (b *Bases) CopyModules(to string, wanted func(name string) bool) error {
	for _, module := range folders(filepath.Join(b.dir, "modules")) {
		name := filepath.Base(module)
		if !wanted(name) {
			continue
		}
		root, err := filepath.EvalSymlinks(module) // it may be the lender's
		if err != nil {
			return err
		}
		if err := copyTree(root, filepath.Join(to, name)); err != nil {
			return err
		}
	}
	return nil
}

// copyTree copies a folder for its owner's eyes only.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil || d.IsDir() {
			return errors.Join(err, os.MkdirAll(filepath.Join(to, rel), 0o700))
		}
		return copyFile(path, filepath.Join(to, rel), io.Discard, rel)
	})
}

// Uses reports whether the sibling's module is the frozen one of that name, or lies in it.
func (b *Base) Uses(module string) bool {
	return strings.HasPrefix(b.Source+"/", "../../modules/"+module+"/")
}
