package reconciler

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

// Render writes what is to be launched below dir, which must be empty or not there, for people to review: workspaces/<id>
// with the files that the launcher would write, and modules/<hash> with the local modules that they name. Two things
// differ from the launcher's files: the workspaces' ids, and provider configuration, of which only keys are shown
// (templates.RenderReview). Blocks go through hide. It returns the workspaces' ids.
func (f *Forecast) Render(dir string, hide func(string) string) (ids []string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		return nil, errors.Join(err, fmt.Errorf("%s is not empty: give a folder that is, or that does not exist yet", dir))
	}
	for _, d := range f.drafts {
		if d.Record == nil {
			continue
		}
		if err := f.renderDraft(filepath.Join(dir, "workspaces", d.Record.ID), d, hide); err != nil {
			return ids, err
		}
		ids = append(ids, d.Record.ID)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return ids, f.bases.CopyModules(filepath.Join(dir, "modules"), func(name string) bool {
		return slices.ContainsFunc(f.drafts, func(d workspace.Draft) bool { return d.Base != nil && d.Base.Uses(name) })
	})
}

func (f *Forecast) renderDraft(dir string, d workspace.Draft, hide func(string) string) error {
	spec := f.specs[d.Base.Name]
	files, err := templates.RenderReview(templates.Root{RequiredProviders: spec.RequiredProviders, ProviderConfig: spec.ProviderConfig})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for name, block := range d.Files {
		files[name] = []byte(hide(string(block)))
	}
	for name, data := range files {
		if err := execute.WriteFile(filepath.Join(dir, name), data); err != nil {
			return err
		}
	}
	return nil
}
