package execute

import (
	"os"
	"path/filepath"
)

// NewestState is the newest whole state of a workspace folder, byte for byte: not ok when there is none. A torn one gives
// the worker's copy of one before.
func NewestState(dir string) (data []byte, view StateView, ok bool) {
	if data, view, ok = WholeState(dir); ok {
		return data, view, true
	}
	return wholeFile(filepath.Join(dir, goodFile))
}

// WholeState is the state of a workspace folder, byte for byte: not ok when there is none or it is torn, as it is while
// Terraform rewrites it.
func WholeState(dir string) (data []byte, view StateView, ok bool) {
	return wholeFile(filepath.Join(dir, StateFile))
}

func wholeFile(path string) ([]byte, StateView, bool) {
	data, err := os.ReadFile(path)
	if err == nil {
		if view, err := ParseState(data); err == nil && view.Lineage != "" {
			return data, view, true
		}
	}
	return nil, noState(), false
}

// WriteState puts a state that was kept elsewhere into a workspace folder, on disk when it returns.
func WriteState(dir string, data []byte) error {
	return WriteDurable(filepath.Join(dir, StateFile), data)
}
