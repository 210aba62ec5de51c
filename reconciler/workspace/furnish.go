package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/state/store"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

// Of a workspace's folder only the record and the state are synced to disk: that is all that a launch waits for. Of the
// rest the names are on disk with the record, which is written after them, and the copy, written before the run begins,
// holds the content. What the loss of the machine's power took comes back from there before it is needed, and is never
// copied.

// errTorn is a file that is empty or short.
var errTorn = errors.New("lost with the machine's power")

// wholeBlock is a slot's block, nil for one that was never written, and an errTorn when it is lost.
func wholeBlock(dir, slot string) ([]byte, error) {
	data, err := readBlock(dir, slot)
	switch {
	case os.IsNotExist(err):
		return nil, nil
	case err == nil && !execute.WholeBlock(data):
		return nil, fmt.Errorf("block of %s: %w", slot, errTorn)
	}
	return data, err
}

// wholeProviders is the file of a workspace's configured providers, nil for none, and an errTorn when it is lost.
func wholeProviders(dir string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(dir, templates.ProvidersFile))
	switch {
	case os.IsNotExist(err):
		return nil, nil
	case err == nil && !json.Valid(data):
		return nil, fmt.Errorf("%s: %w", templates.ProvidersFile, errTorn)
	}
	return data, err
}

// furnish makes sure that Terraform can run in a workspace: it has its modules and providers, which one that was taken in
// lacks, and all of its blocks. Callers own ws.
func (m *Manager) furnish(ws *workspace) error {
	if _, err := m.document(ws, nil); errors.Is(err, errTorn) && m.opts.Keep {
		if err := m.mend(ws); err != nil {
			return fmt.Errorf("take what the folder lacks from the workspace's copy: %w", err)
		}
	}
	if execute.Populated(ws.dir) {
		return nil
	}
	m.mu.Lock()
	k := m.keeper
	names := ws.rec.names()
	m.mu.Unlock()
	base, err := m.bases.Import(m.ctx, ws.rec.Base, func(kind, name string) ([]byte, error) {
		if k == nil {
			return nil, errAway
		}
		return k.GetBlob(m.ctx, kind, name)
	})
	if err != nil {
		return err
	}
	return base.Populate(ws.dir, names)
}

// mend takes what a workspace's folder has lost from its copy. Callers own ws.
func (m *Manager) mend(ws *workspace) error {
	m.mu.Lock()
	k := m.keeper
	slots := ws.rec.names()
	m.mu.Unlock()
	if k == nil {
		return errAway
	}
	d, err := k.Get(m.ctx, ws.rec.ID)
	if err != nil && !errors.Is(err, zk.ErrNoNode) {
		return err
	}
	var mended []string
	for _, name := range slots {
		block := d.Files[name+".tf"]
		if _, err := wholeBlock(ws.dir, name); !errors.Is(err, errTorn) || !execute.WholeBlock(block) {
			continue
		}
		if err := writeBlock(ws.dir, name, block); err != nil {
			return err
		}
		mended = append(mended, name)
	}
	if _, err := wholeProviders(ws.dir); errors.Is(err, errTorn) {
		names, err := providersIn(d)
		if err == nil {
			err = m.writeProviders(ws.dir, ws.rec.Provider, names)
		}
		if err != nil {
			return err
		}
		mended = append(mended, templates.ProvidersFile)
	}
	if len(mended) > 0 {
		m.opts.Log.Warn("files of a workspace were lost with the machine's power; they were restored from its copy", "workspace", ws.rec.ID, "files", mended)
	}
	return nil
}

// providersIn are the configured providers that a document names.
func providersIn(d store.Document) (names []string, err error) {
	if data := d.Files[providersName]; len(data) > 0 {
		if err := json.Unmarshal(data, &names); err != nil {
			return nil, fmt.Errorf("%s: %w", providersName, err)
		}
	}
	return names, nil
}
