package execute

// applyArgs are arguments of `terraform apply` beyond those that tfexec gives. -refresh-only makes changes of the cloud
// impossible: such a run reads resources and data sources, updates the state and the outputs, and creates nothing even
// where the configuration declares it. (tfexec's own option runs `terraform version` first, as its ApplyJSON does.)
func applyArgs(k Kind) string {
	if k == Refresh || k == List {
		return "-json -refresh-only"
	}
	return "-json"
}

// refreshed are the addresses that a refresh is bounded to: the resources that a workspace folder's state holds at the cloud
// (what they depend on comes along all the same). Nothing
// depends on them in such a run, so no output and no data source is evaluated. Most modules' outputs name a resource by
// its index, and where that resource has vanished they are an error, which would hide that it has.
func refreshed(dir string) (addresses []string, err error) {
	holdings, err := Holdings(dir)
	for _, h := range holdings {
		if h.Type != resultType && !h.Here {
			addresses = append(addresses, h.Address)
		}
	}
	return addresses, err
}
