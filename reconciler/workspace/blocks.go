package workspace

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/warm"
)

// blockFile is a slot's module block, where Terraform sees it.
func blockFile(dir, slot string) string { return filepath.Join(dir, slot+".tf") }

// hiddenFile is the same, where it does not.
func hiddenFile(dir, slot string) string { return blockFile(dir, slot) + ".hidden" }

// needed lists the slots, of all those in a workspace folder, whose blocks a run that destroys some of them must see. Theirs
// do: what it costs then does not grow with their neighbours (BenchmarkBatch), which are safe from it because the run's
// targets do not name them. Where modules configure their providers themselves all are: before Terraform looks at targets it
// wants the configuration of each provider that the state names ("Provider configuration not present"), and that of a
// neighbour's is in its block.
func needed(all, destroyed []string, configure func() bool) []string {
	if len(destroyed) == len(all) || configure() {
		return all
	}
	return destroyed
}

// configures reports whether the modules of a workspace folder configure their providers themselves. One that cannot be read
// may do so.
func configures(dir string) bool {
	is, err := warm.ConfiguresProvider(dir)
	return is || err != nil
}

// configures is the same, found out once for each base: it takes 3 ms to read a module of ten files. Callers own ws.
func (m *Manager) configures(ws *workspace) bool {
	m.mu.Lock()
	is, known := m.configured[ws.rec.Base]
	m.mu.Unlock()
	if !known {
		is = configures(ws.dir)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.configured[ws.rec.Base] = is
	}
	return is
}

// showBlocks lets Terraform see the blocks of the slots in want, of all those in a workspace folder. A block that was never
// written stays away.
func showBlocks(dir string, all, want []string) error {
	for _, slot := range all {
		from, to := blockFile(dir, slot), hiddenFile(dir, slot)
		if slices.Contains(want, slot) {
			from, to = to, from
		}
		if err := os.Rename(from, to); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// readBlock is a slot's block, seen or hidden.
func readBlock(dir, slot string) ([]byte, error) {
	data, err := os.ReadFile(blockFile(dir, slot))
	if errors.Is(err, fs.ErrNotExist) {
		data, err = os.ReadFile(hiddenFile(dir, slot))
	}
	return data, err
}

// writeBlock puts a slot's block where it is, seen or hidden.
func writeBlock(dir, slot string, block []byte) error {
	path := blockFile(dir, slot)
	if _, err := os.Stat(hiddenFile(dir, slot)); err == nil {
		path = hiddenFile(dir, slot)
	}
	return execute.WriteFile(path, block)
}

// MostBlock bounds what an Outcome quotes of a block, in bytes: it may hold a whole user-data script.
const MostBlock = 16 << 10

// shownBlock is a slot's block for people to read, "" when there is none.
func shownBlock(dir, slot string) string {
	data, _ := readBlock(dir, slot)
	if len(data) > MostBlock {
		return string(data[:MostBlock]) + "..."
	}
	return string(data)
}

// removeBlock removes a slot's block.
func removeBlock(dir, slot string) error {
	for _, path := range []string{blockFile(dir, slot), hiddenFile(dir, slot)} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
