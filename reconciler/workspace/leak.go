package workspace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/sweep"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

// leakedName is the name of the one resource in the folder of a removal.
const leakedName = "leaked"

// errNotOurs means that a resource is not what the list said, and is left alone.
var errNotOurs = errors.New("the resource as it is now does not carry our provider's name and that node's id: it is left alone")

// RemoveLeaked has Terraform remove a resource that belongs to nobody, with what it knows of its type and no other
// knowledge of the cloud: the resource is imported into a folder of its own by its id, looked at once more, and
// destroyed. spec is that whose list named it, or one with the resource type's provider where the driver did. may is asked last, before anything is destroyed. done is told how it went;
// it runs in a goroutine of its own and is not called when the manager is closed first.
func (m *Manager) RemoveLeaked(provider string, spec *modules.Spec, r sweep.Resource, may func() error, done func(error)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.background(provider, execute.List, "remove "+r.Type+" "+r.ID, func() {
		err := m.removeLeaked(provider, spec, r, may)
		if m.ctx.Err() == nil {
			done(err)
		}
	})
}

func (m *Manager) removeLeaked(provider string, spec *modules.Spec, r sweep.Resource, may func() error) error {
	if spec == nil {
		return fmt.Errorf("no module of the provider requires the Terraform provider of %s", r.Type)
	}
	base, err := m.bases.Lister(m.ctx, spec)
	if err == nil && base == nil { // the driver listed it
		base, err = m.bases.Get(m.ctx, spec)
	}
	if err != nil {
		return err
	}
	block, err := templates.RenderEmpty(r.Type, leakedName)
	if err != nil {
		return &execute.Error{Class: execute.Config, Op: "remove " + r.Type + " " + r.ID, Err: err, Hint: "the list module's output must give the Terraform resource type"}
	}
	file := leakedName + ".tf"
	dir, err := m.sideFolder(leaksFolder, []string{provider, r.Type, r.ID}, base, map[string][]byte{file: block})
	if err != nil {
		return err
	}
	defer m.leave(dir)
	ctx, cancel := context.WithTimeout(m.ctx, listTimeout)
	defer cancel()
	if err := execute.Import(ctx, m.opts.Engine, dir, r.Type+"."+leakedName, r.ID); err != nil {
		return err
	}
	ours, err := execute.HasTags(dir, map[string]string{modules.TagProvider: r.Tags[modules.TagProvider], modules.TagNodeID: r.Node()})
	if err != nil {
		return err
	}
	if !ours {
		return errNotOurs
	}
	if err := may(); err != nil {
		return err
	}
	// Without its block the resource is one that the configuration no longer wants: nothing has to be known of its
	// arguments.
	if err := os.Remove(filepath.Join(dir, file)); err != nil {
		return err
	}
	job := m.upkeepJob(execute.Destroy, destroyTimeout)
	job.Whole, job.Grace = true, mostGrace
	return m.runSide(provider, dir, job, "destroy "+r.Type+" "+r.ID)
}

// leave removes a folder, unless a worker is still at work in it.
func (m *Manager) leave(dir string) {
	if execute.Vacant(dir) == nil {
		_ = os.RemoveAll(dir)
	}
}
