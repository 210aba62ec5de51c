package execute

import (
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/nodepool-tf/nodepool-tf/reconciler/warm"
)

// pingTimeout is how long a running plugin may take to say that it serves.
const pingTimeout = 5 * time.Second

// plugins are the running plugins that a run uses; nil when it uses none.
type plugins struct {
	list []warm.Attachment
	held *warm.Held
}

// takePlugins takes up the job's plugins. If one of them does not serve the run starts its own.
func takePlugins(job Job) (*plugins, warm.Reason) {
	if len(job.Plugins) == 0 {
		return nil, ""
	}
	held, err := warm.Hold(inheritedPlugins, job.Plugins)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return nil, warm.Silent
	}
	p := &plugins{job.Plugins, held}
	if len(p.dead()) > 0 {
		p.end()
		return nil, warm.Silent
	}
	return p, ""
}

// dead lists the providers whose plugins do not serve any more.
func (p *plugins) dead() []string {
	if p == nil {
		return nil
	}
	var dead []string
	for _, a := range p.list {
		if err := a.Ping(pingTimeout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			dead = append(dead, a.Provider)
		}
	}
	return dead
}

// shared reports whether the run must not be interrupted.
func (p *plugins) shared() bool { return p != nil }

// reattach tells Terraform where they are. Test means that it leaves them running at its end.
func (p *plugins) reattach() *tfexec.ReattachOption {
	if p == nil {
		return tfexec.Reattach(nil)
	}
	info := tfexec.ReattachInfo{}
	for _, a := range p.list {
		info[a.Provider] = tfexec.ReattachConfig{
			Protocol: "grpc", ProtocolVersion: a.Protocol, Pid: a.PID, Test: true,
			Addr: tfexec.ReattachConfigAddr{Network: a.Network, String: a.Address},
		}
	}
	return tfexec.Reattach(info)
}

// word is Report.Plugins.
func (p *plugins) word(job Job) string {
	switch {
	case p != nil:
		return PluginsWarm
	case len(job.Plugins) > 0 || job.Cold != "":
		return PluginsCold
	}
	return PluginsNone
}

// end lets go of them.
func (p *plugins) end() {
	if p != nil {
		p.held.End()
	}
}
