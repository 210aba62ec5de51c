package execute

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
)

// maxModuleFiles bounds a module's folder, beside maxShared: more than this is somebody's home directory, not a module.
const maxModuleFiles = 20_000

// tree is a local module with everything it refers to by relative source.
type tree struct {
	root  string   // common ancestor of the module and the local modules it calls, absolute
	sub   string   // the module within root, "." when it is the root itself
	names []string // the files below root, in order
	sig   string   // over names, sizes and modification times: cheap, and changes whenever the contents may have
}

// look reads the shape of a local module folder. state is the state directory, which is part of no module.
func look(dir, state string) (tree, error) {
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
	return t, t.list(dirs, resolved(state))
}

// resolved is a path without links, or as it is where that cannot be told.
func resolved(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return path
}

func within(root, dir string) bool {
	rel, err := filepath.Rel(root, dir)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// skipped are names that are no part of a module's source.
func skipped(name string) bool {
	return name == ".git" || name == ".terraform" || strings.Contains(name, ".tfstate")
}

// upwards is how a module names a file beside its folder.
var upwards = regexp.MustCompile(`path\.module\s*\}\s*/\.\.|dirname\(\s*path\.module`)

// readsBeside reports whether one of the modules seems to read files beside its folder.
func readsBeside(called map[string]bool) bool {
	for dir := range called {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if !strings.Contains(e.Name(), ".tf") && !strings.Contains(e.Name(), ".tofu") {
				continue
			}
			if data, err := os.ReadFile(filepath.Join(dir, e.Name())); err == nil && upwards.Match(data) {
				return true
			}
		}
	}
	return false
}

// list fills names and sig with the called modules. What lies beside them in their common folder is taken along where
// they seem to read it, as far as it can be: the rest has nothing to do with them, and may change all the time.
func (t *tree) list(called map[string]bool, state string) error {
	all := readsBeside(called)
	beside := func(path string) bool {
		for dir := range called {
			if within(dir, path) {
				return false
			}
		}
		return true
	}
	above := func(path string) bool {
		for dir := range called {
			if within(path, dir) {
				return true
			}
		}
		return false
	}
	total := int64(packedEnd)
	sum := sha256.New()
	err := filepath.WalkDir(t.root, func(path string, d fs.DirEntry, err error) error {
		if os.IsPermission(err) && beside(path) {
			return nil
		}
		if err != nil {
			return err
		}
		if path == state || d.IsDir() && !all && beside(path) && !above(path) {
			return fs.SkipDir
		}
		if !d.IsDir() && !all && beside(path) {
			return nil
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
			if d.Type()&fs.ModeSymlink != 0 && info.IsDir() && !beside(path) {
				return fmt.Errorf("%s is a link to a folder: a module is copied at launch, so that a live node's source never changes; use a folder or a git source", path)
			}
			return nil
		}
		rel, err := filepath.Rel(t.root, path)
		if err != nil {
			return err
		}
		t.names, total = append(t.names, rel), total+packedSize(rel, info.Size())
		if len(t.names) > maxModuleFiles || total > maxShared {
			return fmt.Errorf("module folder %s holds more than %d files or %d MiB: is it the right folder? It is kept in ZooKeeper for whoever must destroy its nodes; what is larger must come from elsewhere, as a URL or an absolute path", t.root, maxModuleFiles, maxShared>>20)
		}
		fmt.Fprintf(sum, "%s\x00%d\x00%d\x00%o\n", rel, info.Size(), info.ModTime().UnixNano(), info.Mode().Perm())
		return nil
	})
	sort.Strings(t.names)
	t.sig = hex.EncodeToString(sum.Sum(nil)[:8])
	return err
}
