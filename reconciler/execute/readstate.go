package execute

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// StateFile is the name of the local backend's state in a workspace folder.
const StateFile = "terraform.tfstate"

// Files beside the state.
const (
	backupFile  = StateFile + ".backup" // Terraform's copy of the state before the newest run
	goodFile    = StateFile + ".good"   // our copy of the newest whole state
	erroredFile = "errored.tfstate"     // where Terraform puts a state that it could not write where it belongs
)

// PeekState reads the state of a workspace folder. A folder without state, or with the empty file that a run leaves
// that was killed before it made anything, is an empty view. It may be called while Terraform runs, and fails then when
// it finds the file torn.
func PeekState(dir string) (StateView, error) { return parseFile(filepath.Join(dir, StateFile)) }

func parseFile(path string) (StateView, error) {
	data, err := os.ReadFile(path)
	if os.IsNotExist(err) || err == nil && len(bytes.TrimSpace(data)) == 0 {
		return noState(), nil
	}
	if err != nil {
		return StateView{}, err
	}
	v, err := ParseState(data)
	if err != nil {
		return StateView{}, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}

// ReadState is PeekState for a folder in which no Terraform runs, and puts right what a run left wrong: a state in
// errored.tfstate takes its place (another apply would fork it, field-notes.md A3), and a torn, empty or lost one is
// restored from the newest whole copy. Restored then says from which.
func ReadState(dir string) (StateView, error) {
	path := filepath.Join(dir, StateFile)
	now, err := PeekState(dir)
	if view, ok := whole(filepath.Join(dir, erroredFile)); ok {
		switch {
		case err != nil || now.Lineage == "":
		case now.Lineage != view.Lineage:
			return StateView{}, fmt.Errorf("%s and %s are states of different lineage: neither may be forgotten (merge them with `terraform state push` or destroy what one holds, and remove it)", path, erroredFile)
		case now.Serial > view.Serial:
			// Somebody went on without it: the state has moved past it.
			if err := os.Rename(filepath.Join(dir, erroredFile), filepath.Join(dir, erroredFile+".stale")); err != nil {
				return StateView{}, err
			}
			return now, nil
		}
		return restore(dir, erroredFile, view)
	}
	if err == nil && now.Lineage != "" {
		return now, nil
	}
	best, from := StateView{}, ""
	for _, name := range []string{goodFile, backupFile} {
		if view, ok := whole(filepath.Join(dir, name)); ok && (from == "" || view.Serial > best.Serial) {
			best, from = view, name
		}
	}
	if from == "" {
		return now, err
	}
	if err != nil { // kept for whoever wants to look
		_ = os.Rename(path, path+".torn")
	}
	return restore(dir, from, best)
}

// whole reads a copy of a state: not ok when there is none that can be read.
func whole(path string) (StateView, bool) {
	v, err := parseFile(path)
	return v, err == nil && v.Lineage != ""
}

// restore puts a copy where the state belongs.
func restore(dir, from string, view StateView) (StateView, error) {
	data, err := os.ReadFile(filepath.Join(dir, from))
	if err == nil {
		err = WriteDurable(filepath.Join(dir, StateFile), data)
	}
	if err == nil && from == erroredFile {
		err = os.Remove(filepath.Join(dir, from))
	}
	if err != nil {
		return StateView{}, fmt.Errorf("put %s in place of the state: %w", filepath.Join(dir, from), err)
	}
	view.Restored = from
	return view, nil
}
