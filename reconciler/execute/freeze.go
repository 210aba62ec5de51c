package execute

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// copyPrefix begins the name of a copy that is being made.
const copyPrefix = ".copy-"

// freeze copies a module folder into a folder of its own below store, named by its content, so that what a live node
// was made from stays as it was whatever happens to the operator's copy. last is the answer before: a folder that looks
// the same is not copied again. One that changes while it is copied is copied again, so that no half of an edit is kept.
func freeze(dir, store string, last frozen) (frozen, error) {
	const tries = 3
	t, err := look(dir, filepath.Dir(store))
	if err != nil {
		return frozen{}, err
	}
	if last.hash != "" && t.sig == last.tree.sig && t.root == last.tree.root {
		if _, err := os.Stat(filepath.Join(store, last.hash)); err == nil { // else it was collected
			return last, nil
		}
	}
	for range tries {
		tmp, hash, copyErr := t.copy(store)
		after, err := look(dir, filepath.Dir(store))
		if err == nil && after.sig == t.sig && after.root == t.root && copyErr == nil {
			if err := keep(tmp, filepath.Join(store, hash)); err != nil {
				os.RemoveAll(tmp)
				return frozen{}, err
			}
			return frozen{t, hash}, nil
		}
		if tmp != "" {
			os.RemoveAll(tmp)
		}
		if err != nil {
			return frozen{}, err
		}
		if after.sig == t.sig {
			return frozen{}, copyErr
		}
		t = after
	}
	return frozen{}, fmt.Errorf("%s changes all the time: it cannot be copied", t.root)
}

// copy copies the tree's files into a new folder below store and returns it with the hash of their names and contents.
func (t *tree) copy(store string) (tmp, hash string, err error) {
	if err := os.MkdirAll(store, 0o700); err != nil {
		return "", "", err
	}
	if tmp, err = os.MkdirTemp(store, copyPrefix); err != nil {
		return "", "", err
	}
	sum := sha256.New()
	for _, name := range t.names {
		if err := copyFile(filepath.Join(t.root, name), filepath.Join(tmp, name), sum, name); err != nil {
			return tmp, "", err
		}
	}
	return tmp, hex.EncodeToString(sum.Sum(nil)[:8]), nil
}

// keep gives a finished copy its name, or drops it when there is one of that content.
func keep(tmp, final string) error {
	if _, err := os.Stat(final); err == nil {
		return os.RemoveAll(tmp)
	}
	// A live node is destroyed with it: it must not be found empty after a power cut.
	if err := syncTree(tmp); err != nil {
		return err
	}
	if err := os.Rename(tmp, final); err != nil {
		if _, there := os.Stat(final); there == nil { // another copy of the same was faster
			return os.RemoveAll(tmp)
		}
		return err
	}
	return nil
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
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, info.Mode().Perm()&0o700|0o600)
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
