package execute

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/dirhash"
)

// sharePackages has all siblings share the providers that init has downloaded for them, hundreds of MiB perhaps, as detach
// has them share copies of those that it links to: a package moves to a folder named by its content, and a link to that
// takes its place. Only for a sibling that nothing uses yet.
func sharePackages(base, state string) error {
	found, err := filepath.Glob(filepath.Join(base, ".terraform", "providers", "*", "*", "*", "*", "*")) // host, namespace, type, version, platform
	if err != nil {
		return err
	}
	store := filepath.Join(state, "providers")
	if err := os.MkdirAll(store, 0o700); err != nil {
		return err
	}
	for _, path := range found {
		if info, err := os.Lstat(path); err != nil || !info.IsDir() {
			continue // a link
		}
		content, err := dirhash.HashDir(path, "", dirhash.Hash1)
		if err != nil {
			return err
		}
		sum := sha256.Sum256([]byte(content))
		shared := filepath.Join(store, hex.EncodeToString(sum[:8]))
		if err := keep(path, shared); err != nil {
			return err
		}
		if err := relink(path, shared); err != nil {
			return err
		}
	}
	return nil
}
