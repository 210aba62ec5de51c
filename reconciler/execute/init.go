package execute

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"
	"golang.org/x/sys/unix"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

// readyFile marks a sibling whose init has ended well. One without it is made again.
const readyFile = "ready"

// initTimeout bounds one init: it may download modules and providers.
const initTimeout = 10 * time.Minute

func (b *Bases) make(name, source string, spec *modules.Spec) (*Base, error) {
	defer b.alone(name)()
	root, err := templates.RenderRoot(templates.Root{RequiredProviders: spec.RequiredProviders, ProviderConfig: spec.ProviderConfig})
	if err != nil {
		return nil, &Error{Class: Config, Op: "render provider configuration", Err: err}
	}
	base := &Base{Name: name, Source: source, root: root, dir: filepath.Join(b.dir, "bases", name)}
	if b.borrow(base) {
		return base, nil
	}
	if _, err := os.Stat(filepath.Join(base.dir, readyFile)); err == nil {
		if err = detach(base.dir, b.dir); err == nil {
			return base, nil
		}
		b.log.Warn("an initialised module has lost what it was linked to; it is initialised anew", "module", modules.Public(spec.Module.Source), "base", name, "err", err)
	}
	block, err := templates.RenderSlot(templates.Slot{Name: baseBlock, Source: source, Version: spec.Module.Version})
	if err != nil {
		return nil, &Error{Class: Config, Op: "render module " + modules.Public(spec.Module.Source), Err: err}
	}
	if err := base.write(block); err != nil {
		return nil, &Error{Class: Unknown, Op: "make folder for an initialised workspace", Err: err, Hint: "check the state directory " + b.dir}
	}
	return base, b.initialise(base, modules.Public(spec.Module.Source))
}

// initialise runs init in a sibling that was just written. module is what messages call it.
func (b *Bases) initialise(base *Base, module string) error {
	began := time.Now()
	if cachesPlugins(Environ()) { // one at a time, until what it links to is copied
		b.caching.Lock()
		defer b.caching.Unlock()
	}
	if err := b.init(base.dir, module); err != nil {
		return err
	}
	if b.lender != "" {
		return nil // gone in a moment: no need to outlive what it links to, nor the machine
	}
	if err := detach(base.dir, b.dir); err != nil {
		return &Error{Class: folderClass(err), Op: "copy what module " + module + " links to", Err: err}
	}
	if err := sharePackages(base.dir, b.dir); err != nil {
		return &Error{Class: folderClass(err), Op: "share the providers of module " + module, Err: err}
	}
	// Live nodes are destroyed with what lies here: it must be on disk before anything says that it is whole.
	if err := syncTree(base.dir); err != nil {
		return err
	}
	if err := WriteDurable(filepath.Join(base.dir, readyFile), nil); err != nil {
		return err
	}
	b.log.Info("module initialised", "module", module, "base", base.Name, "dur", time.Since(began).Round(time.Millisecond))
	return nil
}

// write makes the folder anew, with the files that init needs.
func (b *Base) write(block []byte) error {
	if err := os.RemoveAll(b.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return err
	}
	for n, data := range b.root {
		if err := WriteFile(filepath.Join(b.dir, n), data); err != nil {
			return err
		}
	}
	return WriteFile(filepath.Join(b.dir, baseBlock+".tf"), block)
}

func (b *Bases) init(dir, module string) error {
	tf, err := tfexec.NewTerraform(dir, b.engine.Path)
	if err != nil {
		return err
	}
	if err := tf.SetEnv(Environ()); err != nil {
		return err
	}
	if err := tf.SetWaitDelay(5 * time.Second); err != nil { // a half-made sibling is made again: nothing is lost
		return err
	}
	ctx, cancel := context.WithTimeout(b.ctx, initTimeout)
	defer cancel()
	err = tf.Init(ctx)
	if err == nil {
		return nil
	}
	if b.ctx.Err() != nil {
		return b.ctx.Err()
	}
	class := initClass(err.Error())
	if errors.Is(err, context.DeadlineExceeded) {
		class = Timeout
	}
	hint := templates.Hint(shorten(err).Error(), "")
	if hint == "" {
		hint = "run `" + filepath.Base(b.engine.Path) + " init` in " + dir + " to see it whole"
	}
	return &Error{Class: class, Op: "initialise module " + module, Err: shorten(err), Hint: hint}
}

// frame is the box that Terraform draws around its errors.
var frame = regexp.MustCompile(`[│╷╵]`)

// shorten makes one line of a command's error output: the first lines that say what is wrong. They quote addresses of
// modules.
func shorten(err error) error {
	text := strings.Join(strings.Fields(frame.ReplaceAllString(err.Error(), " ")), " ")
	if i := strings.Index(text, "Error: "); i >= 0 {
		text = text[i+len("Error: "):]
	}
	return errors.New(clip(modules.Public(text), 1000))
}

// syncTree brings everything written below a folder to disk, with the rest of its file system: it is done once per
// module.
func syncTree(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.Syncfs(int(f.Fd())); err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}
