package workspace

import (
	"path/filepath"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

// Write makes a folder of a draft in which Terraform can run.
func (d Draft) Write(dir string) error {
	if err := d.Base.Populate(dir, d.Job.Slots); err != nil {
		return err
	}
	return writeFiles(dir, d.Files)
}

// Write makes a folder of a copy in which Terraform can look, with the blocks that a run on some slots (nil: on all) needs, and with
// providers configured as they are now. What the state holds of a node's results is as secret as it was to its module.
func (c Copy) Write(dir string, base *execute.Base, slots []string, now map[string]any) error {
	all := c.Record.names()
	if err := base.Populate(dir, all); err != nil {
		return err
	}
	if slots == nil {
		slots = all
	}
	files := map[string][]byte{}
	for _, name := range needed(all, slots, func() bool { return configures(dir) }) {
		if block, ok := c.Blocks[name]; ok {
			files[name+".tf"] = block
		}
	}
	if c.State != nil {
		files[execute.StateFile] = execute.HideResults(c.State)
	}
	if len(c.Providers) > 0 {
		file, err := providersFile(c.Providers, now)
		if err != nil {
			return err
		}
		files[templates.ProvidersFile] = file
	}
	return writeFiles(dir, files)
}

func writeFiles(dir string, files map[string][]byte) error {
	for name, data := range files {
		if err := execute.WriteFile(filepath.Join(dir, name), data); err != nil {
			return err
		}
	}
	return nil
}

// Destruction is the job that destroys the slots of some nodes, all attempts, as a manager does it.
func (c Copy) Destruction(nodes map[string]bool) execute.Job {
	job := execute.Job{Kind: execute.Destroy}
	for _, name := range c.Record.names() {
		if nodes[c.Record.Slots[name].Node] {
			job.Slots = append(job.Slots, name)
		}
	}
	job.Whole = len(job.Slots) == len(c.Record.Slots)
	return job
}
