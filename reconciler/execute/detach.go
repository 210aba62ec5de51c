package execute

import (
	"io/fs"
	"os"
	"path/filepath"
)

// detach makes a sibling independent of folders outside the state directory. init only links to the providers of a
// file system mirror or plugin cache, and to modules named by an absolute path: an upgrade of the one or an edit of the
// other would change or break nodes that live. Each link is replaced by one to a copy in the state directory, named by
// its content and shared by all siblings.
func detach(base, state string) error {
	state, err := filepath.EvalSymlinks(state)
	if err != nil {
		return err
	}
	modules := filepath.Join(base, ".terraform", "modules")
	hashes := packages(base)
	moved := map[string]string{} // module links by what they named
	err = filepath.WalkDir(filepath.Join(base, ".terraform"), func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && filepath.Dir(path) == modules:
			return fs.SkipDir // downloaded: what it links to lies within
		case d.Type()&fs.ModeSymlink == 0:
			return nil
		}
		target, err := filepath.EvalSymlinks(path)
		if err != nil {
			return err
		}
		if info, err := os.Stat(target); err != nil || !info.IsDir() || within(state, target) {
			return err
		}
		copied, err := copyFolder(target, path, state, hashes)
		if err != nil {
			return err
		}
		if filepath.Dir(path) == modules {
			moved[target] = path
		}
		return relink(path, copied)
	})
	if err != nil || len(moved) == 0 {
		return err
	}
	return moveModules(base, moved)
}

// moveModules has a sibling's manifest name local modules below a linked one by the link: Terraform wrote down where
// they were (an absolute path).
func moveModules(base string, moved map[string]string) error {
	path := filepath.Join(base, ".terraform", "modules", "modules.json")
	var manifest struct {
		Modules []map[string]string
	}
	if err := readJSON(path, &manifest); err != nil {
		return err
	}
	for _, m := range manifest.Modules {
		dir := m["Dir"]
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(base, dir)
		}
		for target, link := range moved {
			if dir == link || !within(target, dir) {
				continue
			}
			below, err := filepath.Rel(target, dir)
			if err != nil {
				return err
			}
			if m["Dir"], err = filepath.Rel(base, filepath.Join(link, below)); err != nil {
				return err
			}
		}
	}
	return writeJSON(path, manifest)
}

// copyFolder copies the folder that the link path names and returns where to. A provider's package must have one of the hashes.
func copyFolder(target, path, state string, hashes []string) (string, error) {
	if filepath.Base(filepath.Dir(path)) == "modules" {
		f, err := freeze(target, filepath.Join(state, "modules"), frozen{})
		return filepath.Join(state, "modules", f.hash, f.tree.sub), err
	}
	t := tree{root: target}
	err := filepath.WalkDir(target, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(target, file)
		t.names = append(t.names, rel)
		return err
	})
	if err != nil {
		return "", err
	}
	store := filepath.Join(state, "providers")
	tmp, hash, err := t.copy(store)
	if err == nil {
		err = checkPackage(tmp, hashes)
	}
	if err == nil {
		err = keep(tmp, filepath.Join(store, hash))
	}
	if err != nil && tmp != "" {
		_ = os.RemoveAll(tmp)
	}
	return filepath.Join(store, hash), err
}

// relink replaces a link by a relative one, as one step.
func relink(path, target string) error {
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return err
	}
	to, err := filepath.Rel(dir, target)
	if err != nil {
		return err
	}
	tmp := path + ".tmp"
	_ = os.Remove(tmp) // of a daemon killed here
	if err := os.Symlink(to, tmp); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
