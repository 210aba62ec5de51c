package driver

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/option"
)

// What acts on an option that is no argument of a resource.
const (
	Launcher = "launcher"
	Record   = "launcher→ZK" // stored on the node for Zuul
	Builder  = "builder"
	Module   = "module choice"
	None     = "none"
)

// Provider is what every provider has.
type Provider struct {
	*Scope
	// LaunchRetries is the number of attempts; 0 means one, or, where ZeroIsNone, none.
	LaunchRetries int
	ZeroIsNone    bool
	// LaunchTimeout bounds one attempt, BootTimeout the probe that follows it.
	LaunchTimeout, BootTimeout time.Duration
}

// Head are the options read before the driver was known. marks is where a module
// puts the provider's name.
func (p *Provider) Head(driver, marks string) option.Table {
	return option.Table{
		option.Known("name", "str", "").Need(option.Always).Maps(marks),
		option.Known("driver", "str", driver).Maps(Module),
		option.Known("max-concurrency", "int", "-1").Maps(Launcher),
		option.Known("priority", "int", "100").Maps(Launcher),
	}
}

// Launching are the options that bound a launch.
func (p *Provider) Launching(boot time.Duration) option.Table {
	return option.Table{
		option.Seconds("boot-timeout", &p.BootTimeout, boot).Maps(Launcher),
		option.Seconds("launch-timeout", &p.LaunchTimeout, time.Hour).Maps("launcher; timeouts.create"),
		p.Retries(),
	}
}

// Retries is launch-retries alone.
func (p *Provider) Retries() option.Row {
	return option.Int("launch-retries", &p.LaunchRetries, 3).Maps(Launcher)
}

// Hook is post-upload-hook.
func Hook(to *string) option.Row { return option.Str("post-upload-hook", to, "").Maps(Builder) }
