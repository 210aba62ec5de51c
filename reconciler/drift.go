package reconciler

import "github.com/nodepool-tf/nodepool-tf/state/record"

// drift keeps workspaces compared with the cloud and tells what was found: of a node that vanished, wholly or in part,
// an unused one is deleted, and so replaced; a used one is only reported, for its machine may still be somebody's
// business, and is deleted once Zuul lets go of it. One that is being launched is left to its launch.
func (lp *loop) drift() {
	if !lp.view.Draining {
		lp.l.manager.Upkeep(lp.cfg.Terraform.RefreshInterval, func(provider string) bool { return lp.cfg.Provider(provider) != nil })
	}
	for _, gone := range lp.l.manager.Vanished() {
		n := lp.view.Nodes[gone.Node]
		if n == nil || n.Vanished || n.Foreign {
			continue
		}
		n.Vanished = true
		log := lp.log.With("node", gone.Node, "provider", gone.Provider, "pool", n.Pool, "state", n.State, "workspace", gone.Workspace, "resources_made", gone.Had, "resources_left", gone.Has)
		switch {
		case n.State == record.NodeReady && n.AllocatedTo == "":
			log.Warn("an unused node has vanished at the provider; it is deleted")
		case n.State == record.NodeReady, n.State == record.NodeInUse, n.State == record.NodeHold:
			log.Error("a node in use has vanished at the provider; it is deleted once it is given back", "request", n.AllocatedTo)
		}
	}
}
