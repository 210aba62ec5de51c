package lookup

import (
	"context"
	"fmt"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

// resource is what everything in a resource group has.
type resource struct {
	Name     string            `json:"name"`
	Location string            `json:"location"`
	Tags     map[string]string `json:"tags"`
}

// machine is a virtual machine.
type machine struct {
	resource
	Properties struct {
		Created         time.Time `json:"timeCreated"`
		HardwareProfile struct {
			VMSize string `json:"vmSize"`
		} `json:"hardwareProfile"`
		StorageProfile struct {
			OSDisk struct {
				Type string `json:"osType"`
			} `json:"osDisk"`
		} `json:"storageProfile"`
	} `json:"properties"`
}

func (s *session) machines(ctx context.Context, group string) ([]machine, error) {
	all, err := list[machine](ctx, s, groupPath(s.subscription, group)+machines, computeVersion, "")
	if err != nil {
		return nil, fmt.Errorf("virtual machines: %w", err)
	}
	return all, nil
}

// Paths of what the module makes, in a resource group.
const (
	machines   = "/providers/Microsoft.Compute/virtualMachines"
	interfaces = "/providers/Microsoft.Network/networkInterfaces"
	addresses  = "/providers/Microsoft.Network/publicIPAddresses"
)

// List lists what the resource group has of this provider's nodes: machines, interfaces and addresses. It grows with what
// is there, a call for each page. OS disks carry no tags of ours and go with their machines.
func (c *Cloud) List(ctx context.Context) ([]driver.Resource, error) {
	s, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	group := groupPath(s.subscription, c.provider.ResourceGroup)
	vms, err := s.machines(ctx, c.provider.ResourceGroup)
	if err != nil {
		return nil, err
	}
	var out []driver.Resource
	add := func(kind, path string, r resource, created time.Time) {
		if r.Tags[modules.TagProvider] == c.provider.Provider.Provider && r.Tags[modules.TagNodeID] != "" {
			out = append(out, driver.Resource{Type: kind, ID: group + path + "/" + r.Name, Tags: r.Tags, Created: created})
		}
	}
	for _, m := range vms {
		kind := "azurerm_linux_virtual_machine"
		if m.Properties.StorageProfile.OSDisk.Type == "Windows" {
			kind = "azurerm_windows_virtual_machine"
		}
		add(kind, machines, m.resource, m.Properties.Created)
	}
	for _, of := range []struct{ kind, path string }{{"azurerm_network_interface", interfaces}, {"azurerm_public_ip", addresses}} {
		all, err := list[resource](ctx, s, group+of.path, networkVersion, "")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", of.kind, err)
		}
		for _, r := range all {
			add(of.kind, of.path, r, time.Time{})
		}
	}
	return out, nil
}
