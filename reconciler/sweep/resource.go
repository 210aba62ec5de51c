package sweep

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// Resource is one thing that a list module found.
type Resource struct {
	Type    string // Terraform resource type
	ID      string // what `terraform import` takes
	Tags    map[string]string
	Created time.Time // zero when the list does not tell
}

// Key tells resources apart.
type Key struct{ Type, ID string }

// Key of the resource.
func (r Resource) Key() Key { return Key{r.Type, r.ID} }

// Node is the id of the node it was made for, "" when no tag says so.
func (r Resource) Node() string { return r.Tags[modules.TagNodeID] }

// Sighting is one list of what a provider's cloud has, and what is known of the nodes it names. Everything that is
// known must have been asked for after the list was made.
type Sighting struct {
	At       time.Time
	Provider string // name in the configuration
	Launcher string // id of our state directory
	// Kin reports whether a launcher, by the id of its state directory, belongs to our ZooKeeper tree.
	Kin    func(launcher string) bool
	Listed []Resource
	// Recorded reports whether ZooKeeper has a record of a node.
	Recorded func(node string) bool
	// Held reports whether a workspace of ours, or what waits to get one, knows a node.
	Held func(node string) bool
	// State gives all that the states of our workspaces hold of a node. Not ok: a run is at work on it, or they cannot
	// be read.
	State func(node string) (holds map[Key]bool, ok bool)
	// Margin is how long a launch by another launcher may take.
	Margin time.Duration
}

// named reports whether a resource bears our provider's name and belongs to a node: all others are none of our business.
func (s *Sighting) named(r Resource) bool {
	return r.Tags[modules.TagProvider] == s.Provider && r.Node() != ""
}

// alien reports whether a launcher of another ZooKeeper tree made it, where its node has its record: two installations
// that use one account must not use one provider name, but one of them may not know of the other.
func (s *Sighting) alien(r Resource) bool {
	launcher := r.Tags[modules.TagLauncher]
	return launcher != "" && launcher != s.Launcher && !s.Kin(launcher)
}

func (s *Sighting) ours(r Resource) bool { return s.named(r) && !s.alien(r) }

// own reports whether our own state directory made it. All that it makes is in its workspaces from before the first
// request to the cloud until nothing is left, so that what they do not know is in nobody's hands.
func (s *Sighting) own(r Resource) bool {
	return s.Launcher != "" && r.Tags[modules.TagLauncher] == s.Launcher
}
