package workspace

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lockDir makes this process the state directory's only owner. The kernel frees the lock with the process.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("state directory %s cannot be written: %w (set terraform.state-dir to a folder that the daemon may write)", dir, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("state directory %s is in use by another launcher: %w (stop it, or give each its own terraform.state-dir)", dir, err)
	}
	return f, nil
}
