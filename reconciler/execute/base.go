package execute

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/templates"
)

// baseBlock is the name of the module block in an initialised sibling.
const baseBlock = "m0"

// Base is an initialised sibling: a folder in which `terraform init` was run once for one module and one set of
// providers. Workspaces take their provider links, lock file and module manifest from it and need no init.
type Base struct {
	Name   string // folder name below bases/, a hash of everything that decides what init does
	Source string // module source as a workspace renders it
	root   map[string][]byte
	dir    string
	lent   bool // it lies in another state directory
}

// Dir is the sibling's folder.
func (b *Base) Dir() string { return b.dir }

// Populate makes the workspace folder dir ready for a run with the given slots: root files, lock file, links to the
// initialised providers, module manifest. Slot files are the caller's.
func (b *Base) Populate(dir string, slots []string) error {
	for n, data := range b.root {
		if err := WriteFile(filepath.Join(dir, n), data); err != nil {
			return err
		}
	}
	lock, err := os.ReadFile(filepath.Join(b.dir, ".terraform.lock.hcl"))
	if err == nil {
		err = WriteFile(filepath.Join(dir, ".terraform.lock.hcl"), lock)
	}
	if err != nil && !os.IsNotExist(err) { // a module of built-in providers has none
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, ".terraform", "modules"), 0o700); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(b.dir, ".terraform", "providers")); err == nil {
		link, to := filepath.Join(dir, ".terraform", "providers"), filepath.Join(b.fromWorkspace(), ".terraform", "providers")
		if !filepath.IsAbs(to) {
			to = filepath.Join("..", to)
		}
		if err := os.Symlink(to, link); err != nil && !os.IsExist(err) {
			return err
		}
	}
	manifest, err := b.manifest(slots)
	if err != nil {
		return err
	}
	return WriteFile(filepath.Join(dir, ".terraform", "modules", "modules.json"), manifest)
}

// Populated reports whether Populate was done in a workspace folder to its end, which is the manifest, and what it wrote is
// whole: nothing of it is synced, so the loss of the machine's power may have left some of it empty or short.
func Populated(dir string) bool {
	manifest, err := os.ReadFile(filepath.Join(dir, templates.ManifestFile))
	if err != nil || !json.Valid(manifest) {
		return false
	}
	main, err := os.ReadFile(filepath.Join(dir, templates.MainFile))
	if err != nil || !WholeBlock(main) {
		return false
	}
	lock, err := os.ReadFile(filepath.Join(dir, ".terraform.lock.hcl"))
	return os.IsNotExist(err) || err == nil && WholeBlock(lock)
}

// WholeBlock reports whether a file that is rendered here, or a lock file, has its end: a block's.
func WholeBlock(file []byte) bool { return bytes.HasSuffix(file, []byte("}\n")) }

// manifest is the sibling's list of installed modules, repeated for each slot and seen from a workspace.
func (b *Base) manifest(slots []string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(b.dir, ".terraform", "modules", "modules.json"))
	if err != nil {
		return nil, err
	}
	sources := map[string]string{} // "": the sibling's own
	for _, name := range slots {
		sources[name] = ""
	}
	return templates.Manifest(data, baseBlock, sources, func(d string) string {
		if d == "." || strings.HasPrefix(d, "../") || filepath.IsAbs(d) {
			return d // the same seen from both: they lie at the same depth
		}
		return filepath.ToSlash(filepath.Join(b.fromWorkspace(), d))
	})
}

// Root is the content of one of the root files, nil when there is none of that name. It may hold secrets.
func (b *Base) Root(name string) []byte { return b.root[name] }

func (b *Base) fromWorkspace() string {
	if b.lent {
		return b.dir
	}
	return filepath.Join("..", "..", "bases", b.Name)
}
