package config

import (
	"encoding/json"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

// Config is one loaded configuration.
type Config struct {
	// File is the absolute path of the main file.
	File string
	// Hash is the hex SHA-256 of both files after substitution: equal hashes
	// mean nothing to reload.
	Hash string
	// Warnings say what is suspicious, as Issue.String does.
	Warnings []string

	ZooKeeper ZooKeeper
	WebApp    WebApp
	// MaxHoldAge is 0 when held nodes are kept for ever.
	MaxHoldAge time.Duration

	// Labels are the global labels by name; LabelNames is their file order.
	Labels     map[string]*Label
	LabelNames []string

	// Providers are those this release drives, in file order.
	Providers []*Provider
	// Undriven are providers of drivers that are for Nodepool's own tests: their
	// options are read and checked. Their nodes belong to somebody else.
	Undriven []*Provider

	// TenantLimits maps a tenant to its ceiling per resource (instances, cores,
	// ram in MiB, volumes, volume-gb or any other key); an absent resource is
	// unlimited.
	TenantLimits map[string]map[string]float64

	// DiskImages are the buildable images by name, inheritance applied.
	// Abstract ones are not in it.
	DiskImages map[string]*DiskImage

	Terraform Terraform

	ImagesDir, ElementsDir, BuildLogDir string
	// BuildLogRetention is the number of old logs kept; negative keeps all.
	BuildLogRetention int
}

// Provider returns the driven provider of that name, or nil.
func (c *Config) Provider(name string) *Provider {
	for _, p := range c.Providers {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// WebApp is where the status server listens; changing it needs a restart.
type WebApp struct {
	Port          int
	ListenAddress string
	// AdminToken lets who knows it hold and delete nodes from the dashboard; empty: nobody may. It is never printed.
	AdminToken string
}

// Label is a global label: what is kept ready of it, and for how long.
type Label struct {
	Name string
	// MinReady is 0 when nothing is built ahead (a negative value loads as 0).
	MinReady int
	// MaxReadyAge is 0 when ready nodes never grow too old.
	MaxReadyAge time.Duration
}

// Provider is one cloud as this launcher sees it.
type Provider struct {
	Name, Driver string
	// Hash is the hex SHA-256 of everything that the provider was read from: equal hashes mean that it has not changed.
	Hash string
	// Priority is the default of the pools; lower is preferred.
	Priority int
	// MaxConcurrency is the number of requests handled at once; -1 is no limit
	// (a 0 in the file means that too, and loads as -1: D-42).
	MaxConcurrency int
	// LaunchRetries is the total number of attempts; 0, which only the kubernetes family can have, is none.
	LaunchRetries int
	// LaunchTimeout bounds one attempt, BootTimeout the host key scan after it.
	LaunchTimeout, BootTimeout time.Duration
	// MaxConcurrentApplies is 0 when only the daemon's own limit counts.
	MaxConcurrentApplies int
	// MaxApplyMemory is in bytes, 0 when only the daemon's own limit counts.
	MaxApplyMemory int64
	// CleanLeaked lets the launcher remove resources that carry its tags and belong to nobody.
	CleanLeaked bool
	// Region is copied to the node unless an output sets it.
	Region string
	// Options are what one of Nodepool's drivers has read, in its own types; nil
	// for other drivers.
	Options driver.Options

	// CloudImages exist already, DiskImages are uploaded by the builder.
	CloudImages, DiskImages map[string]*Image

	Pools []*Pool
}

// Pool returns the pool of that name, or nil.
func (p *Provider) Pool(name string) *Pool {
	for _, pool := range p.Pools {
		if pool.Name == name {
			return pool
		}
	}
	return nil
}

// Static reports whether the provider's nodes are machines that exist: none is ever launched.
func (p *Provider) Static() bool { return p.Driver == driverStatic }

// Metastatic reports whether the provider's nodes are slots of other providers' nodes.
func (p *Provider) Metastatic() bool { return p.Driver == driverMetastatic }

// HasModules reports whether the provider's nodes are made by Terraform: their labels have a Spec.
func (p *Provider) HasModules() bool { return !p.Static() && !p.Metastatic() }

// Image is one entry of a provider's cloud-images or diskimages, as written:
// an empty string or port 0 means the entry (and, for a diskimage, the global
// image) does not say.
type Image struct {
	Name string
	// ImageID is what node.image_id becomes; empty for a diskimage, whose id is
	// that of the newest ready upload.
	ImageID                                         string
	Username, PythonPath, ShellType, ConnectionType string
	ConnectionPort                                  int
}

// Pool is a part of a provider with its own limits and labels.
type Pool struct {
	Name     string
	Provider *Provider
	// MaxServers is nil when unlimited; 0 or less disables the pool.
	MaxServers *int
	// Limits holds only the resources that are limited: instances, cores, ram
	// (MiB) and whatever max-resources names.
	Limits map[string]float64
	// Priority is the pool's, else the provider's, else 100.
	Priority int
	// NodeAttributes is a JSON object stored on the nodes for Zuul, nil if unset.
	NodeAttributes json.RawMessage
	UseInternalIP  bool
	// IgnoreProviderQuota leaves only the pool's own limits.
	IgnoreProviderQuota bool
	Labels              map[string]*PoolLabel
	// LabelNames is the file order.
	LabelNames []string
	// StaticNodes are the machines of a pool of driver static, in file order.
	StaticNodes []*StaticNode
}

// PoolLabel is how one pool makes a node of a label. Image settings are
// resolved onto it: label, else image, else global image, else default.
type PoolLabel struct {
	Name string
	Pool *Pool
	Spec *modules.Spec
	// Alternatives are tried in order when the cloud has no capacity for Spec. Each is a whole Spec, the label's own
	// with the alternative laid over it; they count for quotas as the label does.
	Alternatives []*modules.Spec
	// Resources is what one node counts for in quotas; always has instances: 1.
	Resources map[string]float64
	// Image is nil when neither CloudImage nor DiskImage is set; at most one is.
	Image                 *Image
	CloudImage, DiskImage string

	Username, PythonPath, ShellType, ConnectionType string
	ConnectionPort                                  int
	HostKeyChecking                                 bool
	// ConsoleLog asks for the console of a machine that does not boot in the log.
	ConsoleLog bool

	// Slots is, for a pool of driver static, how many nodes its machines can ever be with this label. Such a label has
	// no Spec: nothing is launched.
	Slots int

	// Backing is where the slots of a label of driver metastatic come from, nil for all others. Such a label has no Spec.
	Backing *Backing
}

// Choices is how many ways there are to make a node of the label: its own, then its alternatives.
func (pl *PoolLabel) Choices() int { return 1 + len(pl.Alternatives) }

// Choice returns one of them: 0 is the label's own. It panics when i is not below Choices.
func (pl *PoolLabel) Choice(i int) *modules.Spec {
	if i == 0 {
		return pl.Spec
	}
	return pl.Alternatives[i-1]
}

// DiskImage is one buildable image after inheritance (config-reference A2).
type DiskImage struct {
	Name, Parent string
	// DibCmd is the build command, to be split as a shell would.
	DibCmd string
	// Elements in order, the parent's first; not de-duplicated.
	Elements []string
	// EnvVars overlay the builder's environment; the secure file has the last word.
	EnvVars map[string]string
	// Formats and KeepFormats as configured; each provider adds the one it needs.
	Formats, KeepFormats            []string
	DeleteAfterUpload, Pause        bool
	RebuildAge, BuildTimeout        time.Duration
	Release                         string
	Username, PythonPath, ShellType string
	Metadata                        map[string]string
}

// Terraform is the daemon-level terraform: section.
type Terraform struct {
	// ExecPath is empty when the program is looked for on PATH.
	ExecPath string
	// Version is a constraint such as ">= 1.6"; empty accepts any.
	Version string
	// Product is terraform or opentofu; empty: terraform, and opentofu where there is only that.
	Product string
	// StateDir is absolute.
	StateDir string
	// Backend is where states are copied to; nil is ZooKeeper. It may hold secrets.
	Backend              *modules.Backend
	MaxConcurrentApplies int
	// MaxApplyMemory is in bytes: 0 is no limit, HalfOfMemory what was not set.
	MaxApplyMemory int64
	WarmPlugins    bool
	// StateKey encrypts the copies of Terraform states in ZooKeeper; empty: they
	// are not encrypted. It comes from the secure file and is never printed.
	StateKey string
	// ListInterval is about how often a provider's resources are listed, to find leaked ones; RefreshInterval is about
	// how often each workspace is compared with the cloud. 0 is never.
	ListInterval, RefreshInterval time.Duration
}
