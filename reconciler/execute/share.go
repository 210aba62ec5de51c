package execute

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/nodepool-tf/nodepool-tf/templates"
)

// Kinds of what a launcher needs to run Terraform in a workspace that another one made.
const (
	BlobBase   = "bases"   // an initialised sibling's recipe: init is run again from it
	BlobModule = "modules" // a frozen local module
)

// maxShared bounds a module's copy.
const maxShared = 64 << 20

// recipe is what an initialised sibling was made from. Provider configuration, which may hold secrets, is no part of it.
type recipe struct {
	Module string            `json:"module,omitempty"` // frozen module that it refers to
	Files  map[string][]byte `json:"files"`
}

var frozenSource = regexp.MustCompile(`"\.\./\.\./modules/([0-9a-f]+)`)

// Export gives what another launcher needs to make the same sibling: by kind, name and content.
func (b *Bases) Export(base string, each func(kind, name string, data []byte) error) error {
	dir := filepath.Join(b.dir, "bases", base)
	r := recipe{Files: map[string][]byte{}}
	for _, name := range []string{templates.MainFile, baseBlock + ".tf", ".terraform.lock.hcl"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if os.IsNotExist(err) && name == ".terraform.lock.hcl" {
			continue
		}
		if err != nil {
			return err
		}
		r.Files[name] = data
	}
	if m := frozenSource.FindSubmatch(r.Files[baseBlock+".tf"]); m != nil {
		r.Module = string(m[1])
		data, err := pack(filepath.Join(b.dir, "modules", r.Module))
		if err != nil {
			return err
		}
		if err := each(BlobModule, r.Module, data); err != nil {
			return err
		}
	}
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return each(BlobBase, base, data)
}

// Import makes a sibling from what another launcher exported, unless it is here. get fetches by kind and name. init is
// run again: providers come from wherever this machine gets them, as the lock file says.
func (b *Bases) Import(ctx context.Context, base string, get func(kind, name string) ([]byte, error)) (*Base, error) {
	if !isName(base) {
		return nil, fmt.Errorf("%q is no name of an initialised module", base)
	}
	return share(ctx, b, b.made, "of another launcher: "+base, func(c *call[*Base]) bool {
		return c.err == nil || time.Since(c.ended) < failedFor
	}, func(*Base) (*Base, error) { //nolint:contextcheck // it outlives whoever asks first
		return b.remake(base, get)
	})
}

func (b *Bases) remake(name string, get func(kind, name string) ([]byte, error)) (*Base, error) {
	defer b.alone(name)()
	base := &Base{Name: name, root: map[string][]byte{}, dir: filepath.Join(b.dir, "bases", name)}
	if b.borrow(base) {
		main, err := os.ReadFile(filepath.Join(base.dir, templates.MainFile))
		base.root[templates.MainFile] = main
		return base, err
	}
	if _, err := os.Stat(filepath.Join(base.dir, readyFile)); err == nil {
		if base.root[templates.MainFile], err = os.ReadFile(filepath.Join(base.dir, templates.MainFile)); err != nil {
			return nil, err
		}
		used(base.dir)
		return base, nil
	}
	data, err := get(BlobBase, name)
	if err != nil {
		return nil, fmt.Errorf("fetch initialised module %s: %w", name, err)
	}
	var r recipe
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("read initialised module %s: %w", name, err)
	}
	if r.Module != "" {
		if err := b.unfreeze(r.Module, get); err != nil {
			return nil, err
		}
	}
	base.root[templates.MainFile] = r.Files[templates.MainFile]
	if err := base.write(r.Files[baseBlock+".tf"]); err != nil {
		return nil, err
	}
	if lock := r.Files[".terraform.lock.hcl"]; len(lock) > 0 {
		if err := WriteFile(filepath.Join(base.dir, ".terraform.lock.hcl"), lock); err != nil {
			return nil, err
		}
	}
	return base, b.initialise(base, "of another launcher ("+name+")")
}

// unfreeze unpacks another launcher's frozen module, unless it is here.
func (b *Bases) unfreeze(hash string, get func(kind, name string) ([]byte, error)) error {
	if !isName(hash) {
		return fmt.Errorf("%q is no name of a frozen module", hash)
	}
	store := filepath.Join(b.dir, "modules")
	if _, err := os.Stat(filepath.Join(store, hash)); err == nil {
		return nil
	}
	data, err := get(BlobModule, hash)
	if err != nil {
		return fmt.Errorf("fetch module %s: %w", hash, err)
	}
	tmp, err := os.MkdirTemp(store, copyPrefix)
	if err != nil {
		return err
	}
	if err = unpack(data, tmp); err == nil {
		err = keep(tmp, filepath.Join(store, hash))
	}
	if err != nil {
		_ = os.RemoveAll(tmp)
		return fmt.Errorf("unpack module %s: %w", hash, err)
	}
	return nil
}

var plainName = regexp.MustCompile(`^[0-9a-f]{1,64}$`)

func isName(s string) bool { return plainName.MatchString(s) }

// pack makes an archive of a folder, byte for byte the same for the same contents.
func pack(dir string) ([]byte, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error { // in lexical order
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if buf.Len()+len(data) > maxShared {
			return fmt.Errorf("more than %d MiB", maxShared>>20)
		}
		err = w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: filepath.ToSlash(rel), Size: int64(len(data)), Mode: int64(info.Mode().Perm())})
		if err == nil {
			_, err = w.Write(data)
		}
		return err
	})
	if err == nil {
		err = w.Close()
	}
	return buf.Bytes(), err
}

// unpack takes an archive apart below dir. The archive may say anything.
func unpack(data []byte, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	r := tar.NewReader(bytes.NewReader(data))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg || !filepath.IsLocal(h.Name) {
			return fmt.Errorf("%q is not a plain file within the module", h.Name)
		}
		if err := root.MkdirAll(filepath.Dir(h.Name), 0o700); err != nil {
			return err
		}
		f, err := root.OpenFile(h.Name, os.O_CREATE|os.O_WRONLY|os.O_EXCL, fs.FileMode(h.Mode)&0o700|0o600)
		if err != nil {
			return err
		}
		if _, err := io.Copy(f, io.LimitReader(r, maxShared)); err != nil {
			f.Close()
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
}
