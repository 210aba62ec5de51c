package kubernetes

import "strconv"

// literals are the module's inputs for the container; what is not given is not there.
func (c *Container) literals() map[string]any {
	out := map[string]any{"image_pull_policy": c.ImagePull}
	if c.Image != "" {
		out["image"] = c.Image
	}
	if names := c.pullSecrets(); len(names) > 0 {
		out["image_pull_secrets"] = names
	}
	if amounts := c.amounts(c.Request); len(amounts) > 0 {
		out["requests"] = amounts
	}
	if amounts := c.amounts(c.Limit); len(amounts) > 0 {
		out["limits"] = amounts
	}
	if len(c.Env) > 0 {
		env := make([]any, len(c.Env))
		for i, v := range c.Env {
			env[i] = map[string]string{"name": v.Name, "value": v.Value}
		}
		out["env"] = env
	}
	if len(c.NodeSelector) > 0 {
		out["node_selector"] = c.NodeSelector
	}
	if c.SchedulerName != "" {
		out["scheduler_name"] = c.SchedulerName
	}
	if c.Privileged != nil {
		out["privileged"] = *c.Privileged
	}
	if len(c.Volumes) > 0 {
		out["volumes"] = c.Volumes
	}
	if len(c.VolumeMounts) > 0 {
		out["volume_mounts"] = c.VolumeMounts
	}
	return out
}

// amounts are resources as Kubernetes writes them. A gpu is asked for and limited alike, with two decimals.
func (c *Container) amounts(s Size) map[string]string {
	out := map[string]string{}
	for name, amount := range map[string]struct {
		n    *int
		unit string
	}{"cpu": {s.CPU, ""}, "memory": {s.Memory, "Mi"}, "ephemeral-storage": {s.Storage, "M"}} {
		if amount.n != nil {
			out[name] = strconv.Itoa(*amount.n) + amount.unit
		}
	}
	if c.GPUResource != "" {
		out[c.GPUResource] = strconv.FormatFloat(c.GPU, 'f', 2, 64)
	}
	return out
}

// pullSecrets are the names in image-pull-secrets; see checkPullSecrets.
func (c *Container) pullSecrets() []string {
	var names []string
	for _, item := range c.ImagePullSecrets {
		if m, ok := item.(map[string]any); ok {
			if name, ok := m["name"].(string); ok && name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}
