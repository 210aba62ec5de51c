package execute

import (
	"os"
	"path/filepath"
)

// NewestState is the newest whole state of a workspace folder, byte for byte: not ok when there is none. It may be called
// while Terraform runs; a state that is being rewritten gives the worker's copy of the one before.
func NewestState(dir string) (data []byte, view StateView, ok bool) {
	for _, name := range []string{StateFile, goodFile} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			continue
		}
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
