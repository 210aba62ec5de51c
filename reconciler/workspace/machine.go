package workspace

import (
	"bytes"
	"io/fs"
	"math"
	"os"
	"path"
	"strconv"
	"strings"
)

// MachineMemory is how much memory this process and its children may take, in bytes: the machine's, or that of the
// smallest control group (v1 or v2) around the process. It is 0 where neither can be read.
func MachineMemory() int64 { return machineMemory(os.DirFS("/")) }

func machineMemory(root fs.FS) int64 {
	least := int64(math.MaxInt64)
	if meminfo, err := fs.ReadFile(root, "proc/meminfo"); err == nil {
		_, rest, _ := strings.Cut("\n"+string(meminfo), "\nMemTotal:")
		line, _, _ := strings.Cut(rest, "\n")
		if kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(line, "kB")), 10, 64); err == nil {
			least = kib * 1024
		}
	}
	groups, _ := fs.ReadFile(root, "proc/self/cgroup")
	for line := range strings.Lines(string(groups)) {
		// id:controllers:path, the controllers empty for v2. In a container the path may be the one outside; then
		// only the top of what is mounted is there, and it is the container's own.
		part := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(part) < 3 {
			continue
		}
		mounts, files := []string{"sys/fs/cgroup", "sys/fs/cgroup/unified"}, []string{"memory.max", "memory.high"}
		if part[1] != "" {
			mounts, files = []string{"sys/fs/cgroup/memory"}, []string{"memory.limit_in_bytes"}
			if !strings.Contains(","+part[1]+",", ",memory,") {
				continue
			}
		}
		for at := path.Clean("/" + part[2]); ; at = path.Dir(at) {
			for _, mount := range mounts {
				for _, file := range files {
					least = min(least, limitIn(root, path.Join(mount, at, file)))
				}
			}
			if at == "/" {
				break
			}
		}
	}
	if least == math.MaxInt64 {
		return 0
	}
	return least
}

// limitIn reads a control group's file; "max", or a file that is not there, is no limit.
func limitIn(root fs.FS, name string) int64 {
	data, err := fs.ReadFile(root, name)
	if err != nil {
		return math.MaxInt64
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(data)), 10, 64)
	if err != nil || n <= 0 {
		return math.MaxInt64
	}
	return n
}
