package warm

// Reason says why a run starts its plugins itself.
type Reason string

// The reasons for an ordinary start.
const (
	Off        Reason = "off"               // terraform.warm-plugins is false
	Configures Reason = "module-configures" // the module has provider blocks of its own: more than one configuration
	Aliases    Reason = "aliases"           // provider-config has several configurations of one provider
	LocalFiles Reason = "local-files"       // a provider of the module works on files of the folder that it runs in
	Locks      Reason = "locks"             // the provider has its runs wait for each other
	Unreadable Reason = "unreadable"        // what the workspace needs could not be found out
	Starting   Reason = "starting"          // the plugin is being started, and takes long
	Failed     Reason = "start-failed"      // the plugin could not be started, or did not stay up
	Silent     Reason = "no-answer"         // the plugin did not answer when the run began
	Died       Reason = "died"              // the plugin died before the run did anything
)

// expected tells the reasons that are as they should be from those that somebody may want to look into.
func (r Reason) expected() bool {
	switch r {
	case Off, Configures, Aliases, LocalFiles, Locks, Starting:
		return true
	}
	return false
}
