package ibmvpc

import (
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
)

// Quota are the limits of the account in the region; nil is no limit.
type Quota struct {
	// RAM is in MiB.
	Instances, Cores, RAM *int
}

// Options is the table of quota.
func (q *Quota) Options() option.Table {
	return option.Table{
		option.Count("instances", &q.Instances, nil).Maps(driver.Launcher),
		option.Count("cores", &q.Cores, nil).Maps(driver.Launcher),
		option.Count("ram", &q.RAM, nil).Maps(driver.Launcher),
	}
}

// ObjectStorage is where images are staged for import.
type ObjectStorage struct{ InstanceName, Endpoint, BucketName string }

// Options is the table of object-storage.
func (o *ObjectStorage) Options() option.Table {
	return option.Table{
		option.Str("instance-name", &o.InstanceName, "").Need(option.Validated).Maps("data.ibm_resource_instance name"),
		option.Str("endpoint", &o.Endpoint, "").Need(option.Validated).Maps("ibm_cos_bucket_object endpoint_type"),
		option.Str("bucket-name", &o.BucketName, "").Need(option.Validated).Maps("data.ibm_cos_bucket bucket_name"),
	}
}

// Network says where nodes are and how they are reached.
type Network struct {
	Zone, Subnet                               string
	PublicIPv4, UseInternalIP, HostKeyChecking bool
}

// options are the same for a provider and its pools.
func (n *Network) options(def Network, from string, need option.Need) option.Table {
	return option.Table{
		option.Str("zone", &n.Zone, def.Zone).From(from).Need(need).Maps("zone"),
		option.Str("subnet", &n.Subnet, def.Subnet).From(from).Need(need).Maps("primary_network_interface.subnet"),
		option.Bool("public-ipv4", &n.PublicIPv4, def.PublicIPv4).From(from).Maps("ibm_is_floating_ip target"),
		driver.InternalIP(&n.UseInternalIP, def.UseInternalIP, from),
		driver.HostKeys(&n.HostKeyChecking, def.HostKeyChecking, from),
	}
}
