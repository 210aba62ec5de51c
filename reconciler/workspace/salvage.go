package workspace

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// lostFolder has, in the state directory, the states of workspaces that another launcher has taken over without all that
// is in them. Nothing here reads or removes them: they are for whoever looks for what they name.
const lostFolder = "lost"

// copiedLast is what is remembered of a workspace's copy: the hash of its document, and how many resources of each slot
// its state had.
type copiedLast struct {
	sum       string
	resources map[string]int
}

// encode gives a line with the hash, and one with the counts as JSON.
func (c copiedLast) encode() []byte {
	counts, _ := json.Marshal(c.resources) // always encodes
	return append([]byte(c.sum+"\n"), counts...)
}

// lastCopy reads it. What cannot be read has not been copied.
func lastCopy(dir string) (c copiedLast) {
	data, _ := os.ReadFile(filepath.Join(dir, copyFile))
	sum, counts, _ := bytes.Cut(data, []byte("\n"))
	c.sum = string(sum)
	if json.Unmarshal(counts, &c.resources) != nil {
		c.resources = nil
	}
	return c
}

// salvage keeps the state of a workspace that is another launcher's, if Terraform made more here than was copied: it goes
// on for a while without ZooKeeper, and who took the older copy knows nothing of that. Callers own ws and do not hold mu.
func (m *Manager) salvage(ws *workspace) {
	state, view, ok := execute.NewestState(ws.dir)
	if !ok {
		return
	}
	all, err := execute.HoldingsOf(state)
	if err != nil {
		return // it is whole
	}
	made := newSince(all, view.Resources, lastCopy(ws.dir).resources)
	if len(made) == 0 {
		return
	}
	known := map[string]bool{} // to whoever has the workspace now
	if d, err := m.copied(ws); err == nil {
		theirs, _ := execute.HoldingsOf(d.Files[execute.StateFile]) // there may be none
		for _, h := range theirs {
			known[h.Address+" "+h.ID] = true
		}
	}
	var unknown []string
	for _, h := range made {
		if !known[h.Address+" "+h.ID] {
			unknown = append(unknown, h.Address+" "+h.ID)
		}
	}
	if len(unknown) == 0 {
		return
	}
	m.suspect(ws.rec.Provider)
	path := filepath.Join(m.opts.Dir, lostFolder, ws.rec.ID+".tfstate")
	if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
		err = execute.WriteDurable(path, state)
	}
	if err != nil {
		m.opts.Log.Error("keep the state of a workspace that another launcher has taken over", "workspace", ws.rec.ID, "err", err)
		path = "" // then this log is all that names them
	}
	m.opts.Log.Error("resources were made here while ZooKeeper was away, and the launcher that took their workspace over does not know of them; they are looked for where the driver or the module lists, else look for them at the provider",
		"workspace", ws.rec.ID, "provider", ws.rec.Provider, "resources", unknown, "kept", path)
}

// newSince gives the resources of those slots that hold more than they did.
func newSince(all []execute.Holding, now, before map[string]int) (out []execute.Holding) {
	for _, h := range all {
		if !h.IsResult() && now[h.Slot] > before[h.Slot] {
			out = append(out, h)
		}
	}
	return out
}
