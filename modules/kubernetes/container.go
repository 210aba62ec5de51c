package kubernetes

import (
	"maps"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Container is the one container of a pod that is made from options.
type Container struct {
	Image, ImagePull string
	// ImagePullSecrets is the openshift drivers' only.
	ImagePullSecrets []any
	// Request and Limit have all inheritance applied.
	Request, Limit Size
	// ExtraResources count for quotas and are not put on the pod.
	ExtraResources map[string]float64
	// GPU is 0 for none; GPUResource is its name in requests and quotas.
	GPU           float64
	GPUResource   string
	Env           []*Variable
	NodeSelector  map[string]string
	SchedulerName string
	// Privileged is nil where nothing is sent.
	Privileged *bool
	// Volumes and VolumeMounts are Kubernetes objects, verbatim.
	Volumes, VolumeMounts []any
}

// Variable is one of the container's environment.
type Variable struct{ Name, Value string }

func (c *Container) options(pool *Pool, image option.Need) option.Table {
	var secrets option.Table
	if pool.Provider.Flavour != Kubernetes {
		secrets = option.Table{option.Items("image-pull-secrets", &c.ImagePullSecrets).Maps("spec.image_pull_secrets")}
	}
	return option.Join(
		option.Table{
			option.Str("image", &c.Image, "").Need(image).Maps("spec.container.image"),
			option.Str("image-pull", &c.ImagePull, "IfNotPresent").Maps("spec.container.image_pull_policy"),
		},
		secrets,
		c.Request.options("", "", pool.Default, "pool", "resources.requests"),
		c.Limit.options("", "-limit", pool.DefaultLimit, "pool", "resources.limits"),
		option.Table{
			option.Amounts("extra-resources", "resource", &c.ExtraResources, nil).From("pool").Maps(driver.Launcher),
			option.Num("gpu", &c.GPU, 0).Kind("float").Default("").Maps("resources.requests, resources.limits"),
			option.Str("gpu-resource", &c.GPUResource, "").Maps("resources.requests, resources.limits"),
			option.Entries("env", &c.Env, func() *Variable { return &Variable{} }).Maps("spec.container.env"),
			option.Texts("node-selector", &c.NodeSelector).Maps("spec.node_selector"),
			option.Str("scheduler-name", &c.SchedulerName, "").Maps("spec.scheduler_name"),
			option.Flag("privileged", &c.Privileged, nil).Maps("spec.container.security_context.privileged"),
			option.Items("volumes", &c.Volumes).Maps("spec.volume; kubernetes_manifest"),
			option.Items("volume-mounts", &c.VolumeMounts).Maps("spec.container.volume_mount"),
		},
	)
}

// Options is the table of a variable.
func (v *Variable) Options() option.Table {
	return option.Table{
		option.Str("name", &v.Name, "").Need(option.Validated).Maps("env.name"),
		option.Str("value", &v.Value, "").Need(option.Validated).Maps("env.value"),
	}
}

// settle lets limits default to requests (config-reference A5), and extra resources,
// as a whole, to the pool's. It asks for both halves of a gpu.
func (c *Container) settle(pool *Pool, m *schema.Mapping) {
	if !m.Has("extra-resources") {
		c.ExtraResources = pool.DefaultExtra
	}
	c.Limit = c.Limit.or(c.Request)
	c.Request = c.Request.or(Size{})
	if hasGPU, hasName := m.Has("gpu"), m.Has("gpu-resource"); hasGPU != hasName {
		m.SchemaError("E-REQ", "gpu and gpu-resource need each other")
		c.GPU, c.GPUResource = 0, ""
	}
}

// count adds what the container takes of quotas.
func (c *Container) count(resources map[string]float64) {
	for name, n := range map[string]*int{"cores": c.Request.CPU, "ram": c.Request.Memory, "ephemeral-storage": c.Request.Storage} {
		if n != nil {
			resources[name] = float64(max(0, *n))
		}
	}
	if c.GPUResource != "" {
		resources[c.GPUResource] = c.GPU
	}
	maps.Copy(resources, c.ExtraResources)
}
