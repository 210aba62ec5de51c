package execute

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// shipped is the source of a module that is part of this program: it is laid out once, beside the copies of local ones.
func (b *Bases) shipped(ctx context.Context, m modules.Module) (string, error) {
	f, err := share(ctx, b, b.trees, "shipped "+m.Source, func(c *call[frozen]) bool { return c.err == nil }, func(frozen) (frozen, error) {
		hash, err := layOut(m.Shipped, filepath.Join(b.dir, "modules"))
		return frozen{hash: hash}, err
	})
	if err != nil {
		if ctx.Err() != nil || b.ctx.Err() != nil {
			return "", err
		}
		return "", &Error{Class: Unknown, Op: "lay out module " + m.Source, Err: err, Hint: "check the state directory " + b.dir}
	}
	return f.source(), nil
}

// layOut writes a folder below store, named by its content.
func layOut(files fs.FS, store string) (hash string, err error) {
	if err := os.MkdirAll(store, 0o700); err != nil {
		return "", err
	}
	tmp, err := os.MkdirTemp(store, copyPrefix)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	err = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(tmp, filepath.FromSlash(name))
		if d.IsDir() {
			return os.MkdirAll(to, 0o700)
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s\x00%d\n", name, len(data))
		sum.Write(data)
		return os.WriteFile(to, data, 0o600)
	})
	if err == nil {
		hash = hex.EncodeToString(sum.Sum(nil)[:8])
		err = keep(tmp, filepath.Join(store, hash))
	}
	if err != nil {
		os.RemoveAll(tmp)
	}
	return hash, err
}
