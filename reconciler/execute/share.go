package execute

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// imported begins the key of a sibling that is another launcher's.
const imported = "of another launcher: "

// maxShared bounds a module's copy, in bytes: what ZooKeeper is given of one thing (state/store). A module that would take
// more is refused when it is frozen.
const maxShared = 64 << 20

// ErrNotHere says that there is no such initialised sibling.
var ErrNotHere = errors.New("it was not initialised here")

// recipe is what an initialised sibling was made from. Provider configuration, which may hold secrets, is no part of it.
type recipe struct {
	Module string            `json:"module,omitempty"` // frozen module that it refers to
	Files  map[string][]byte `json:"files"`
}

// RecipeModule names the frozen module that an initialised sibling's copy refers to, "" for none.
func RecipeModule(data []byte) (string, error) {
	var r recipe
	err := json.Unmarshal(data, &r)
	return r.Module, err
}

var frozenSource = regexp.MustCompile(`"\.\./\.\./modules/([0-9a-f]+)`)

// Export gives what another launcher needs to make the same sibling: by kind, name and content. A content is asked for only
// where it is not kept yet: nodes live in a frozen module, and what their runs write there is no part of it. It is an
// ErrNotHere when there is no such sibling.
func (b *Bases) Export(base string, each func(kind, name string, content func() ([]byte, error)) error) error {
	dir := filepath.Join(b.dir, "bases", base)
	r := recipe{Files: map[string][]byte{}}
	for _, name := range []string{templates.MainFile, baseBlock + ".tf", ".terraform.lock.hcl"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		switch {
		case os.IsNotExist(err) && name == ".terraform.lock.hcl":
			continue
		case os.IsNotExist(err) && name == templates.MainFile:
			return ErrNotHere
		}
		if err != nil {
			return err
		}
		r.Files[name] = data
	}
	if m := frozenSource.FindSubmatch(r.Files[baseBlock+".tf"]); m != nil {
		r.Module = string(m[1])
		if err := each(BlobModule, r.Module, func() ([]byte, error) { return pack(filepath.Join(b.dir, "modules", r.Module)) }); err != nil {
			return err
		}
	}
	return each(BlobBase, base, func() ([]byte, error) { return json.Marshal(r) })
}

// Import makes a sibling from what another launcher exported, unless it is here. get fetches by kind and name. init is
// run again: providers come from wherever this machine gets them, as the lock file says.
func (b *Bases) Import(ctx context.Context, base string, get func(kind, name string) ([]byte, error)) (*Base, error) {
	if !isName(base) {
		return nil, fmt.Errorf("%q is no name of an initialised module", base)
	}
	b.making.RLock()
	defer b.making.RUnlock()
	made, err := share(ctx, b, b.made, imported+base, func(c *call[*Base]) bool {
		return c.err == nil || time.Since(c.ended) < FailedFor
	}, func(*Base) (*Base, error) { //nolint:contextcheck // it outlives whoever asks first
		return b.remake(base, get)
	})
	return b.touched(made), err
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
