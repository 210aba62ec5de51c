package warm

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// read makes a process from its folder. A pid in it stands for the process only if that was started with the folder of
// its sockets in its environment: since the record was written, the machine may have been started anew.
func read(store, name string) *process {
	p := &process{dir: filepath.Join(store, name)}
	data, err := os.ReadFile(filepath.Join(p.dir, recordFile))
	if err != nil || json.Unmarshal(data, &p.record) != nil {
		p.record = record{Sockets: filepath.Join(p.dir, socketsDir)}
	}
	ours := socketsVar + "=" + p.Sockets
	switch {
	case p.PID == 0: // its daemon died while it started it
		for _, pid := range all() {
			if carries(pid, ours) {
				p.PID = pid
				p.Start, _ = beat(pid)
				break
			}
		}
	case !carries(p.PID, ours):
		p.PID, p.Start = 0, 0
	}
	return p
}
