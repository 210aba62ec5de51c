package driver

import "time"

// Resource is something in a cloud that carries the tags of a node of ours, listed by the driver where its Terraform
// provider has no data source that lists (reconciler/clouds.Lister).
type Resource struct {
	Type    string            // Terraform resource type, such as openstack_compute_instance_v2
	ID      string            // what `terraform import` takes, and its attribute `id` is once imported
	Tags    map[string]string // those of node.tags that the driver's module put on it
	Created time.Time         // zero where the cloud does not tell
}
