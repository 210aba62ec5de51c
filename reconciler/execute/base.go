package execute

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"
	"golang.org/x/sync/singleflight"

	"github.com/nodepool-tf/nodepool-tf/modules"
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
}

// Bases makes and remembers initialised siblings below a state directory:
//
//	bases/<name>     the siblings
//	modules/<hash>   frozen copies of local modules, shared by siblings and workspaces
//
// Siblings and workspaces lie at the same depth, so that a relative module source means the same in both.
type Bases struct {
	engine Engine
	dir    string
	log    *slog.Logger

	flight singleflight.Group
	mu     sync.Mutex
	done   map[string]*Base   // by Base.Name
	frozen map[string]frozen  // by local module folder
	failed map[string]failure // by Base.Name: do not hammer a registry that is down
}

type frozen struct {
	tree    tree
	checked time.Time
}

type failure struct {
	err   error
	until time.Time
}

// NewBases keeps siblings for an engine below the state directory dir.
func NewBases(engine Engine, dir string, log *slog.Logger) *Bases {
	return &Bases{engine: engine, dir: dir, log: log, done: map[string]*Base{}, frozen: map[string]frozen{}, failed: map[string]failure{}}
}

// Get returns the sibling for a module, initialising it when there is none yet. Errors are of class Config when init
// says that the module or a provider cannot be had as configured.
func (b *Bases) Get(ctx context.Context, spec *modules.Spec) (*Base, error) {
	source, err := b.source(spec.Module)
	if err != nil {
		return nil, &Error{Class: Config, Op: "read module " + spec.Module.Source, Err: err, Hint: "check module.source; a local one is relative to the configuration file"}
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{spec.Key(), source, b.engine.Product, b.engine.Version}, "\x00")))
	name := hex.EncodeToString(sum[:8])
	b.mu.Lock()
	base, f := b.done[name], b.failed[name]
	b.mu.Unlock()
	if base != nil {
		return base, nil
	}
	if f.err != nil && time.Now().Before(f.until) {
		return nil, f.err
	}
	v, err, _ := b.flight.Do(name, func() (any, error) { return b.make(ctx, name, source, spec) })
	if err != nil {
		if ctx.Err() == nil {
			b.mu.Lock()
			b.failed[name] = failure{err, time.Now().Add(5 * time.Second)}
			b.mu.Unlock()
		}
		return nil, err
	}
	b.mu.Lock()
	b.done[name] = v.(*Base)
	b.mu.Unlock()
	return v.(*Base), nil
}

// source is the module source as rendered: local modules are frozen first.
func (b *Bases) source(m modules.Module) (string, error) {
	abs, local := m.Local()
	if !local {
		return m.Source, nil
	}
	b.mu.Lock()
	f, known := b.frozen[abs]
	b.mu.Unlock()
	if !known || time.Since(f.checked) > time.Second {
		t, err := findTree(abs)
		if err != nil {
			return "", err
		}
		if _, err := t.files(); err != nil {
			return "", err
		}
		if !known || t.sig != f.tree.sig || t.root != f.tree.root {
			if _, err := t.freeze(filepath.Join(b.dir, "modules")); err != nil {
				return "", err
			}
		} else {
			t.hash = f.tree.hash
		}
		f = frozen{t, time.Now()}
		b.mu.Lock()
		b.frozen[abs] = f
		b.mu.Unlock()
	}
	return filepath.ToSlash(filepath.Join("..", "..", "modules", f.tree.hash, f.tree.sub)), nil
}

func (b *Bases) make(ctx context.Context, name, source string, spec *modules.Spec) (*Base, error) {
	root, err := templates.RenderRoot(templates.Root{RequiredProviders: spec.RequiredProviders, ProviderConfig: spec.ProviderConfig})
	if err != nil {
		return nil, &Error{Class: Config, Op: "render provider configuration", Err: err}
	}
	base := &Base{Name: name, Source: source, root: root, dir: filepath.Join(b.dir, "bases", name)}
	if _, err := os.Stat(filepath.Join(base.dir, "ready")); err == nil {
		return base, nil
	}
	if err := os.RemoveAll(base.dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(base.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder for an initialised workspace: %w", err)
	}
	for n, data := range root {
		if err := WriteFile(filepath.Join(base.dir, n), data); err != nil {
			return nil, err
		}
	}
	block, err := templates.RenderSlot(templates.Slot{Name: baseBlock, Source: source, Version: spec.Module.Version})
	if err != nil {
		return nil, &Error{Class: Config, Op: "render module " + spec.Module.Source, Err: err}
	}
	if err := WriteFile(filepath.Join(base.dir, baseBlock+".tf"), block); err != nil {
		return nil, err
	}
	began := time.Now()
	if err := b.init(ctx, base.dir, spec.Module); err != nil {
		return nil, err
	}
	if err := WriteFile(filepath.Join(base.dir, "ready"), nil); err != nil {
		return nil, err
	}
	b.log.Info("module initialised", "module", spec.Module.Source, "base", name, "dur", time.Since(began).Round(time.Millisecond))
	return base, nil
}

func (b *Bases) init(ctx context.Context, dir string, m modules.Module) error {
	tf, err := tfexec.NewTerraform(dir, b.engine.Path)
	if err != nil {
		return err
	}
	if err := tf.SetEnv(Environ()); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	if err := tf.Init(ctx); err != nil {
		class := classify(err.Error())
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			class = Timeout
		case class == Unknown, class == Capacity, class == Quota:
			class = Config
		}
		return &Error{Class: class, Op: "initialise module " + m.Source, Err: shorten(err), Hint: "run `" + filepath.Base(b.engine.Path) + " init` in " + dir + " to see it whole"}
	}
	return nil
}

// shorten makes one line of a command's error output: the first lines that say what is wrong.
func shorten(err error) error {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if i := strings.Index(text, "Error:"); i >= 0 {
		text = text[i:]
	}
	if len(text) > 600 {
		text = text[:600] + "..."
	}
	return errors.New(text)
}

// Populate makes the workspace folder dir ready for a run with the given slots: root files, lock file, links to the
// initialised providers, module manifest. Slot files are the caller's.
func (b *Base) Populate(dir string, slots []string) error {
	for n, data := range b.root {
		if err := WriteFile(filepath.Join(dir, n), data); err != nil {
			return err
		}
	}
	up := filepath.Join("..", "..", "bases", b.Name)
	lock, err := os.ReadFile(filepath.Join(b.dir, ".terraform.lock.hcl"))
	if err == nil {
		err = WriteFile(filepath.Join(dir, ".terraform.lock.hcl"), lock)
	}
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, ".terraform", "modules"), 0o700); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(b.dir, ".terraform", "providers")); err == nil {
		link := filepath.Join(dir, ".terraform", "providers")
		if err := os.Symlink(filepath.Join("..", up, ".terraform", "providers"), link); err != nil && !os.IsExist(err) {
			return err
		}
	}
	manifest, err := os.ReadFile(filepath.Join(b.dir, ".terraform", "modules", "modules.json"))
	if err != nil {
		return err
	}
	sources := map[string]string{} // "": the sibling's own
	for _, name := range slots {
		sources[name] = ""
	}
	manifest, err = templates.Manifest(manifest, baseBlock, sources, func(d string) string {
		if d == "." || strings.HasPrefix(d, "../") {
			return d
		}
		return filepath.ToSlash(filepath.Join(up, d))
	})
	if err != nil {
		return err
	}
	return WriteFile(filepath.Join(dir, ".terraform", "modules", "modules.json"), manifest)
}
