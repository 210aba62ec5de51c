package execute

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
)

// Bounds of a module's folder: more than this is somebody's home directory, not a module.
const (
	maxModuleFiles = 20_000
	maxModuleBytes = 256 << 20
)

// tree is a local module with everything it refers to by relative source.
type tree struct {
	root string // common ancestor of the module and the local modules it calls, absolute
	sub  string // the module within root, "." when it is the root itself
	hash string // over the names and contents of all files below root
	sig  string // over names, sizes and modification times: cheap, changes whenever hash may have changed
}

// findTree looks at a local module folder.
func findTree(dir string) (tree, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return tree{}, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return tree{}, err
	}
	dirs := map[string]bool{}
	if err := localCalls(dir, dirs); err != nil {
		return tree{}, err
	}
	root := dir
	for d := range dirs {
		for !within(root, d) {
			root = filepath.Dir(root)
		}
	}
	sub, err := filepath.Rel(root, dir)
	return tree{root: root, sub: sub}, err
}

func within(root, dir string) bool {
	rel, err := filepath.Rel(root, dir)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

var moduleCalls = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "module", LabelNames: []string{"name"}}}}
var sourceArgument = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "source"}}}

// localCalls collects dir and the folders of all modules that it calls by relative path. What it cannot parse it
// passes over: Terraform reports that better.
func localCalls(dir string, seen map[string]bool) error {
	if seen[dir] {
		return nil
	}
	seen[dir] = true
	if len(seen) > 1000 {
		return fmt.Errorf("module %s calls more than 1000 local modules", dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	parser := hclparse.NewParser()
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		var f *hcl.File
		switch {
		case strings.HasSuffix(path, ".tf"), strings.HasSuffix(path, ".tofu"):
			f, _ = parser.ParseHCLFile(path)
		case strings.HasSuffix(path, ".tf.json"), strings.HasSuffix(path, ".tofu.json"):
			f, _ = parser.ParseJSONFile(path)
		}
		if f == nil || f.Body == nil {
			continue
		}
		content, _, _ := f.Body.PartialContent(moduleCalls)
		for _, b := range content.Blocks {
			args, _, _ := b.Body.PartialContent(sourceArgument)
			attr := args.Attributes["source"]
			if attr == nil {
				continue
			}
			v, diags := attr.Expr.Value(nil)
			if diags.HasErrors() || v.Type() != cty.String || v.IsNull() || !v.IsKnown() {
				continue
			}
			if src := v.AsString(); strings.HasPrefix(src, "./") || strings.HasPrefix(src, "../") {
				if err := localCalls(filepath.Join(dir, src), seen); err != nil && !os.IsNotExist(err) {
					return err
				}
			}
		}
	}
	return nil
}

// skipped are names that are no part of a module's source.
func skipped(name string) bool {
	return name == ".git" || name == ".terraform" || strings.Contains(name, ".tfstate")
}

// files lists the regular files below root, in order, and the tree's signature.
func (t *tree) files() ([]string, error) {
	var names []string
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
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			if d.Type()&fs.ModeSymlink != 0 {
				return fmt.Errorf("%s is a link to a folder: a module is copied at launch, so that a live node's source never changes; use a folder or a git source", path)
			}
			return nil
		}
		rel, err := filepath.Rel(t.root, path)
		if err != nil {
			return err
		}
		names, total = append(names, rel), total+info.Size()
		if len(names) > maxModuleFiles || total > maxModuleBytes {
			return fmt.Errorf("module folder %s holds more than %d files or %d MiB: is it the right folder?", t.root, maxModuleFiles, maxModuleBytes>>20)
		}
		fmt.Fprintf(sum, "%s\x00%d\x00%d\x00%o\n", rel, info.Size(), info.ModTime().UnixNano(), info.Mode().Perm())
		return nil
	})
	sort.Strings(names)
	t.sig = hex.EncodeToString(sum.Sum(nil)[:8])
	return names, err
}

// freeze copies the tree into a folder of its own below store, named by its content, so that what a live node was
// made from stays as it was whatever happens to the operator's copy. It returns that folder's name.
func (t *tree) freeze(store string) (string, error) {
	names, err := t.files()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(store, 0o700); err != nil {
		return "", err
	}
	tmp, err := os.MkdirTemp(store, ".copy-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	sum := sha256.New()
	for _, name := range names {
		if err := copyFile(filepath.Join(t.root, name), filepath.Join(tmp, name), sum, name); err != nil {
			return "", err
		}
	}
	t.hash = hex.EncodeToString(sum.Sum(nil)[:8])
	final := filepath.Join(store, t.hash)
	if _, err := os.Stat(final); err == nil {
		return t.hash, nil
	}
	if err := os.Rename(tmp, final); err != nil && !os.IsExist(err) {
		if _, statErr := os.Stat(final); statErr != nil {
			return "", err
		}
	}
	return t.hash, nil
}

func copyFile(from, to string, sum io.Writer, name string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, info.Mode().Perm()|0o600)
	if err != nil {
		return err
	}
	fmt.Fprintf(sum, "%s\x00%d\x00%o\n", name, info.Size(), info.Mode().Perm())
	if _, err := io.Copy(io.MultiWriter(out, sum), in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
