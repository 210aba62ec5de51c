package workspace

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// lockPatience is how long the lock of a daemon that was just killed may linger: a child that it was about to start
// holds a copy until it runs its own program.
const lockPatience = 2 * time.Second

// lockDir makes this process the state directory's only owner. The kernel frees the lock with the process.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("state directory %s cannot be written: %w (set terraform.state-dir to a folder that the daemon may write)", dir, err)
	}
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if time.Since(began) > lockPatience {
			f.Close()
			return nil, fmt.Errorf("state directory %s is in use by another launcher: %w (stop it, or give each its own terraform.state-dir)", dir, err)
		}
	}
}
