package aws

import "strings"

// literals are the inputs that the configuration alone decides; what it does not say is left to the module, as is what a
// fleet does not know (config-reference.md 4.2).
func (p *Provider) literals(l *Label) map[string]any {
	out := map[string]any{"launch_timeout": int64(p.LaunchTimeout.Seconds())}
	put := func(name, value string) {
		if value != "" {
			out[name] = value
		}
	}
	put("subnet_id", l.Pool.SubnetID)
	put("security_group_id", l.Pool.SecurityGroupID)
	put("key_name", l.KeyName)
	put("user_data", l.Userdata)
	put("http_tokens", l.IMDSv2)
	if v := l.Volume.literal(); len(v) > 0 {
		out["root_volume"] = v
	}
	if l.UseSpot {
		out["spot"] = true
	}
	if l.Fleet != nil {
		out["fleet"] = l.Fleet.literal()
		return out
	}
	put("instance_type", l.InstanceType)
	put("availability_zone", l.Pool.AvailabilityZone)
	put("instance_profile", l.IAMInstanceProfile.name())
	out["public_ipv4"] = l.Pool.Network.PublicIPv4
	for name, on := range map[string]bool{
		"public_ipv6": l.Pool.Network.PublicIPv6, "dedicated_host": l.DedicatedHost, "ebs_optimized": l.EBSOptimized,
	} {
		if on {
			out[name] = true
		}
	}
	return out
}

// literal is the volume as the module takes it: what is set.
func (v Volume) literal() map[string]any {
	out := map[string]any{}
	if v.Type != "" {
		out["type"] = v.Type
	}
	for name, n := range map[string]int{"size": v.Size, "iops": v.IOPS, "throughput": v.Throughput} {
		if n != 0 {
			out[name] = n
		}
	}
	return out
}

// literal is the fleet as the module takes it. One strategy is spelt otherwise in the API.
func (f *Fleet) literal() map[string]any {
	strategy := f.AllocationStrategy
	if strategy == "lowest-price" {
		strategy = "lowestPrice"
	}
	return map[string]any{"instance_types": f.InstanceTypes, "allocation_strategy": strategy}
}

// name is the profile's; that of an ARN is its last segment.
func (p *Profile) name() string {
	if p == nil {
		return ""
	}
	if p.Name != "" {
		return p.Name
	}
	return p.ARN[strings.LastIndex(p.ARN, "/")+1:]
}

// Types are the instance types that nodes of the label can be of, none where the label does not say.
func (l *Label) Types() []string {
	switch {
	case l.Fleet != nil:
		return l.Fleet.InstanceTypes
	case l.InstanceType != "":
		return []string{l.InstanceType}
	}
	return nil
}
