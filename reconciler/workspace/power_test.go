package workspace

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// disk is an ext4 of its own whose power can be cut: what was not synced is gone, as with the machine's.
type disk struct {
	t          *testing.T
	image, dir string
}

// newDisk makes one. Only root can, where loop devices are allowed; the test says so where it was not run.
func newDisk(t *testing.T) *disk {
	t.Helper()
	d := &disk{t: t, image: filepath.Join(t.TempDir(), "image"), dir: t.TempDir()}
	if os.Getuid() != 0 {
		t.Skip("NOT RUN: needs root, to mount an ext4")
	}
	if err := os.WriteFile(d.image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(d.image, 256<<20); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", d.image).CombinedOutput(); err != nil {
		t.Skipf("NOT RUN: mkfs.ext4: %v: %s", err, out)
	}
	d.mount()
	t.Cleanup(func() { _ = exec.Command("umount", "-l", d.dir).Run() })
	return d
}

func (d *disk) mount() {
	d.t.Helper()
	if out, err := exec.Command("mount", "-o", "loop", d.image, d.dir).CombinedOutput(); err != nil {
		d.t.Skipf("NOT RUN: mount is not allowed here: %v: %s", err, out)
	}
}

// cut lets nothing more reach the disk: EXT4_IOC_SHUTDOWN without a flush of the journal (linux/fs/ext4/ext4.h).
func (d *disk) cut() {
	d.t.Helper()
	f, err := os.Open(d.dir)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	const request, noLogFlush = 0x8004587d, 2
	if err := unix.IoctlSetPointerInt(int(f.Fd()), request, noLogFlush); err != nil {
		d.t.Fatal(err)
	}
}

// boot mounts it again, once nobody uses it any more.
func (d *disk) boot() bool {
	if exec.Command("umount", d.dir).Run() != nil {
		return false
	}
	d.mount()
	return true
}

// killSession kills the processes of a worker's session: itself, Terraform, what that runs.
func killSession(leader int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		stat, _ := os.ReadFile(path)
		_, rest, _ := strings.Cut(string(stat), ") ")
		var state string
		var parent, group, session int
		if _, err := fmt.Sscan(rest, &state, &parent, &group, &session); err == nil && session == leader {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// TestPowerCut: the machine loses its power in the middle of a run of which two nodes are in use. The launcher starts again,
// keeps these, and everything can be destroyed.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	b := newBench(t, kept, oneRun, func(o *Options) { o.Dir = d.dir })
	b.dir = d.dir
	if b.opts.Engine.Product == "opentofu" {
		t.Skip("NOT RUN: OpenTofu writes its local state every 20 seconds at most, so a lost machine forgets what was made")
	}
	chroot := chrootOf(t)
	st, end := lease(t, chroot, "one")
	b.attach(st)
	b.say("3", "hold")
	b.batch(b.order("1"), b.order("2"), b.order("3"))
	b.created("1", "2")
	b.made("3")
	worker := workerOf(t, b.folderOf("3"))
	b.restart(func() {
		d.cut()
		end()
		b.eventually("the disk is let go of", func() bool { killSession(worker); return d.boot() })
	})
	st, _ = lease(t, chroot, "one")
	b.attach(st)
	b.eventually("it is settled", b.settled)
	for node, want := range map[string]Kind{"1": Created, "2": Created, "3": Failed} {
		if o, ok := b.m.State(node); !ok || o.Kind != want {
			t.Errorf("node %s is %+v", node, o)
		}
	}
	b.unsay("3", "hold")
	b.destroy("first", "1", "2", "3")
	b.gone()
}
