package workspace

import (
	"testing"
	"testing/fstest"
)

func TestMachineMemory(t *testing.T) {
	t.Parallel()
	const meminfo = "MemTotal:        8000 kB\nMemFree:         1 kB\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"nothing to be read":      {nil, 0},
		"no group":                {map[string]string{"proc/meminfo": meminfo}, 8000 << 10},
		"no limit":                {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "max\n"}, 8000 << 10},
		"v2":                      {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "5000\n"}, 5000},
		"v2, of a group above":    {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/memory.max": "4000\n", "sys/fs/cgroup/a/b/memory.max": "5000\n"}, 4000},
		"v2, throttled":           {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.high": "3000\n", "sys/fs/cgroup/memory.max": "5000\n"}, 3000},
		"a path outside":          {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/../../docker/x\n", "sys/fs/cgroup/memory.max": "6000\n"}, 6000},
		"larger than the machine": {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": "99999999\n"}, 8000 << 10},
		"v1": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "5:cpu,memory:/a\n4:devices:/b\n0::/\n",
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes": "7000\n", "sys/fs/cgroup/memory/b/memory.limit_in_bytes": "1\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, 7000},
		"both": {map[string]string{
			"proc/self/cgroup": "5:memory:/a\n0::/c\n", "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "7000\n", "sys/fs/cgroup/unified/c/memory.max": "6500\n",
		}, 6500},
	} {
		root := fstest.MapFS{}
		for path, text := range c.files {
			root[path] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := machineMemory(root); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	if got := MachineMemory(); got < 64<<20 {
		t.Errorf("this machine has %d bytes", got)
	}
}
