package admin

import (
	"fmt"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// CheckConfigured refuses a node whose provider is not in the configuration: nobody who runs with it would delete the
// node (D-06).
func CheckConfigured(c *config.Config, n *record.Node) error {
	for _, p := range slices.Concat(c.Providers, c.Undriven) {
		if p.Name == n.Provider {
			return nil
		}
	}
	return refused("run this with the configuration of a launcher that has the provider, or `nodepool-tf delete` without --now",
		"provider %s of node %s is not in %s, nothing was done", quote(n.Provider), n.ID, c.File)
}

// CheckBuildable fails for what is no image that a builder with this configuration would build (operator-surface.md 1.7
// `image-build`).
func CheckBuildable(c *config.Config, image string) error {
	switch def := c.DiskImages[image]; {
	case def == nil:
		return fmt.Errorf("image %s is not among the diskimages of %s", quote(image), c.File)
	case def.Pause:
		return fmt.Errorf("image %s has `pause: true` in %s and is not built: remove that, or use another image", quote(image), c.File)
	}
	return nil
}
