package execute

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// UnderWay tells which run is under way in a workspace folder, for whoever only looks: it takes no lock, not even for a
// moment, for that could keep a launcher from starting a worker.
func UnderWay(dir string) (Job, bool) {
	r, err := Adopt(dir)
	if err != nil || r == nil {
		return Job{}, false
	}
	if _, ended := r.report(); ended {
		return r.Job, false
	}
	return r.Job, locked(runPath(dir, lockFile))
}

// locked reports whether anybody holds the flock of a file, as the kernel lists it.
func locked(path string) bool {
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil {
		return false
	}
	list, err := os.Open("/proc/locks")
	if err != nil {
		return true // it cannot be told
	}
	defer list.Close()
	file := fmt.Sprintf(":%d", st.Ino) // the device is another one where file systems are stacked
	for lines := bufio.NewScanner(list); lines.Scan(); {
		if f := strings.Fields(lines.Text()); len(f) > 5 && f[1] == "FLOCK" && strings.HasSuffix(f[5], file) {
			return true
		}
	}
	return false
}
