package workspace

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// gonePrefix begins the name of a workspace folder that is being removed: a folder half removed would look like one
// whose record was lost.
const gonePrefix = ".gone-"

func (m *Manager) folder() string { return filepath.Join(m.opts.Dir, "workspaces") }

// load reads the records. A folder without one holds nothing: its intent was never written. A record that cannot be
// read stops the start, because what it stands for must not be forgotten.
func (m *Manager) load() error {
	entries, err := os.ReadDir(m.folder())
	if err != nil {
		return err
	}
	for _, e := range entries {
		dir := filepath.Join(m.folder(), e.Name())
		if !e.IsDir() {
			m.opts.Log.Warn("a file among the workspaces is left alone", "file", dir)
			continue
		}
		if strings.HasPrefix(e.Name(), gonePrefix) {
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
			continue
		}
		if err := m.loadOne(dir); err != nil {
			return err
		}
	}
	return nil
}

func (m *Manager) loadOne(dir string) error {
	rec, err := loadRecord(dir)
	if os.IsNotExist(err) {
		if _, err := os.Stat(filepath.Join(dir, execute.StateFile)); err == nil {
			return fmt.Errorf("workspace %s has a Terraform state but no %s: restore it, or destroy what the state holds and remove the folder", dir, recordFile)
		}
		return os.RemoveAll(dir)
	}
	if err != nil {
		return fmt.Errorf("read workspace record: %w (restore it, or destroy what its state holds with `%s destroy` and remove the folder)", err, filepath.Base(m.opts.Engine.Path))
	}
	run, err := m.leftRun(dir, rec)
	if err != nil {
		return fmt.Errorf("read the run that workspace %s holds: %w", rec.ID, err)
	}
	m.add(&workspace{rec: rec, dir: dir, left: run, kept: lastCopy(dir).sum, unkept: m.opts.Keep})
	return nil
}

// leftRun is the run in a workspace folder that is to be followed, or whose end nobody has seen: nil for none.
func (m *Manager) leftRun(dir string, rec *Record) (*execute.Run, error) {
	run, err := execute.Adopt(dir)
	if err != nil {
		return nil, err
	}
	// A folder with a state has had a create run, also where what that left is gone: with the machine's power, or because
	// a full disk kept its end from the record and another run came after it. Its nodes may be in use.
	begun := run != nil && run.Job.Kind != execute.Create
	if run == nil {
		_, err := os.Stat(filepath.Join(dir, execute.StateFile))
		begun = err == nil
	}
	if slots := rec.pending(); begun && len(slots) > 0 {
		m.suspect(rec.Provider)
		return execute.Lost(dir, slots), nil
	}
	// Of idle workspaces the last run is a refresh, long settled: there may be ten thousand.
	if run != nil && (run.Job.ID == "" || run.Job.Kind == execute.Refresh && run.Ended()) {
		return nil, nil
	}
	return run, nil
}

// add makes a workspace known.
func (m *Manager) add(ws *workspace) {
	m.workspaces[ws.rec.ID] = ws
	for _, name := range ws.rec.names() {
		node := ws.rec.Slots[name].Node
		m.byNode[node] = append(m.byNode[node], place{ws, name})
	}
	// The newest attempt is the one that State speaks of.
	for _, name := range ws.rec.names() {
		sortPlaces(m.byNode[ws.rec.Slots[name].Node])
	}
}
