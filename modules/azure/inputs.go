package azure

// literals are the inputs that the configuration alone decides; what it does not say is left to the module.
func (p *Provider) literals(l *Label) map[string]any {
	login, access, windows := l.login()
	out := map[string]any{
		"location":       p.Location,
		"resource_group": p.ResourceGroup,
		"admin_username": login.Username,
		"launch_timeout": int64(p.LaunchTimeout.Seconds()),
	}
	put := func(name, value string) {
		if value != "" {
			out[name] = value
		}
	}
	put("subnet_id", p.SubnetID)
	put("user_data", l.UserData)
	put("custom_data", l.CustomData)
	if l.HardwareProfile != nil {
		put("size", l.HardwareProfile.VMSize)
	}
	if r := l.reference(); r != nil {
		out["image_reference"] = map[string]any{"publisher": r.Publisher, "offer": r.Offer, "sku": r.SKU, "version": r.Version}
	}
	if windows {
		out["os_type"] = "windows"
	} else {
		put("ssh_key", access.Key)
	}
	switch {
	case access.Password != "":
		out["admin_password"] = access.Password
	case access.GeneratePassword:
		out["generate_password"] = true
	}
	addresses := l.Pool.Addresses
	for name, on := range map[string]bool{
		"ipv6": isTrue(addresses.IPv6), "public_ipv4": addresses.PublicIPv4, "public_ipv6": addresses.PublicIPv6,
	} {
		if on {
			out[name] = true
		}
	}
	if l.VolumeSize != 0 {
		out["disk_size"] = l.VolumeSize
	}
	return out
}

// reference is the label's image of the marketplace, nil when it has another one.
func (l *Label) reference() *Reference {
	if l.CloudImage == nil {
		return nil
	}
	return l.CloudImage.ImageReference
}
