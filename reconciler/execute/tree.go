package execute

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Bounds of a module's folder: more than this is somebody's home directory, not a module.
const (
	maxModuleFiles = 20_000
	maxModuleBytes = 256 << 20
)

// tree is a local module with everything it refers to by relative source.
type tree struct {
	root  string   // common ancestor of the module and the local modules it calls, absolute
	sub   string   // the module within root, "." when it is the root itself
	names []string // the files below root, in order
	sig   string   // over names, sizes and modification times: cheap, and changes whenever the contents may have
}

// look reads the shape of a local module folder.
func look(dir string) (tree, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return tree{}, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return tree{}, err
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return tree{}, fmt.Errorf("%s is not a folder", dir)
	}
	dirs := map[string]bool{}
	if err := localCalls(dir, dirs); err != nil {
		return tree{}, err
	}
	t := tree{root: dir}
	for d := range dirs {
		for !within(t.root, d) {
			t.root = filepath.Dir(t.root)
		}
	}
	if t.sub, err = filepath.Rel(t.root, dir); err != nil {
		return tree{}, err
	}
	return t, t.list()
}

func within(root, dir string) bool {
	rel, err := filepath.Rel(root, dir)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// skipped are names that are no part of a module's source.
func skipped(name string) bool {
	return name == ".git" || name == ".terraform" || strings.Contains(name, ".tfstate")
}

// list fills names and sig.
func (t *tree) list() error {
	var total int64
	sum := sha256.New()
	err := filepath.WalkDir(t.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if skipped(d.Name()) && path != t.root {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		info, err := os.Stat(path) // follows a link to a file; a link to a folder is refused below
		if os.IsNotExist(err) {
			return nil // a link to nothing, such as an editor's lock
		}
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			if d.Type()&fs.ModeSymlink != 0 && info.IsDir() {
				return fmt.Errorf("%s is a link to a folder: a module is copied at launch, so that a live node's source never changes; use a folder or a git source", path)
			}
			return nil
		}
		rel, err := filepath.Rel(t.root, path)
		if err != nil {
			return err
		}
		t.names, total = append(t.names, rel), total+info.Size()
		if len(t.names) > maxModuleFiles || total > maxModuleBytes {
			return fmt.Errorf("module folder %s holds more than %d files or %d MiB: is it the right folder?", t.root, maxModuleFiles, maxModuleBytes>>20)
		}
		fmt.Fprintf(sum, "%s\x00%d\x00%d\x00%o\n", rel, info.Size(), info.ModTime().UnixNano(), info.Mode().Perm())
		return nil
	})
	sort.Strings(t.names)
	t.sig = hex.EncodeToString(sum.Sum(nil)[:8])
	return err
}
