package workspace

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/state/store"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

// errLauncherLost is why an attempt failed whose launcher died in the middle of it.
var errLauncherLost = errors.New("its launcher was lost while the run was under way")

// takeIn makes a workspace of ours from a document. No run is under way in it any more. It returns the nodes in it.
func (m *Manager) takeIn(id string, d store.Document) ([]string, error) {
	rec, err := recordOf(id, d)
	if err != nil {
		return nil, err
	}
	if d, err = m.LoadState(m.ctx, id, d); err != nil {
		return nil, err
	}
	// Judged before it is written: after a kill in between, slots without an end would look like ones that were never begun.
	view, _ := execute.ParseState(d.Files[execute.StateFile])
	unsure := rec.lose(view)
	d.Files = maps.Clone(d.Files)
	d.Files[recordFile] = rec.encode()
	dir := filepath.Join(m.folder(), id)
	if err := m.unfold(dir, d); err != nil {
		_ = os.RemoveAll(aside(dir))
		return nil, fmt.Errorf("write workspace %s: %w", id, err)
	}
	if unsure { // the cloud may have more than the copy says
		m.suspect(rec.Provider)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.workspaces[id] != nil {
		return nil, fmt.Errorf("workspace %s is here already", id)
	}
	ws := &workspace{rec: rec, dir: dir, unkept: true}
	m.add(ws)
	var nodes []string
	for _, name := range rec.names() {
		nodes = append(nodes, rec.Slots[name].Node)
		delete(m.taken, rec.Slots[name].Node)
	}
	m.look(ws)
	return nodes, nil
}

var plainID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// recordOf reads a document's record.
func recordOf(id string, d store.Document) (*Record, error) {
	if !plainID.MatchString(id) {
		return nil, fmt.Errorf("%q is no name of a workspace", id)
	}
	rec, err := parseRecord(d.Files[recordFile])
	if err != nil {
		return nil, fmt.Errorf("copy of workspace %s: %w", id, err)
	}
	if rec.ID != id {
		return nil, fmt.Errorf("copy of workspace %s is one of %q", id, rec.ID)
	}
	return rec, nil
}

// unfold writes a document's files. The folder gets its name last: half a folder would look like one whose record was
// lost. What Terraform needs beside them is added before its next run (see furnish).
func (m *Manager) unfold(dir string, d store.Document) error {
	tmp := aside(dir)
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	if err := os.Mkdir(tmp, 0o700); err != nil {
		return err
	}
	for name, data := range d.Files {
		if name == providersName {
			continue
		}
		write := execute.WriteFile
		if name == recordFile { // the rest comes from the copy again, should it be lost with the machine
			write = execute.WriteDurable
		}
		if err := write(filepath.Join(tmp, name), data); err != nil {
			return err
		}
	}
	names, err := providersIn(d)
	if err != nil {
		return err
	}
	if err := m.writeProviders(tmp, d.Provider, names); err != nil {
		return err
	}
	if state := d.Files[execute.StateFile]; state != nil {
		if err := execute.WriteState(tmp, state); err != nil {
			return err
		}
	}
	return os.Rename(tmp, dir)
}

// aside is a name for a workspace folder that is not whole: it is removed at the next start.
func aside(dir string) string { return filepath.Join(filepath.Dir(dir), gonePrefix+filepath.Base(dir)) }

// writeProviders gives a workspace folder the configuration of some providers as it is now.
func (m *Manager) writeProviders(dir, provider string, names []string) error {
	if len(names) == 0 {
		return nil
	}
	file, err := providersFile(names, m.opts.ProviderConfig(provider))
	if err != nil {
		return err
	}
	return execute.WriteFile(filepath.Join(dir, templates.ProvidersFile), file)
}

// providersFile renders the configuration of some providers as it is now.
func providersFile(names []string, now map[string]any) ([]byte, error) {
	keep := map[string]any{}
	for _, name := range names {
		keep[name] = now[name] // none any more: an empty block
	}
	files, err := templates.RenderRoot(templates.Root{ProviderConfig: keep})
	return files[templates.ProvidersFile], err
}
