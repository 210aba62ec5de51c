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
