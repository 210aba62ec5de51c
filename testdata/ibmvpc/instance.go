package ibmvpc

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

type ref struct{ ID, Name string }

// prototype is what of a request for an instance is understood.
type prototype struct {
	Name          string
	Image         ref
	Profile       ref
	VPC           ref
	Zone          ref
	Keys          []ref
	ResourceGroup ref    `json:"resource_group"`
	UserData      string `json:"user_data"`
	NIC           struct {
		Name   string
		Subnet ref
	} `json:"primary_network_interface"`
	Boot struct {
		Delete bool `json:"delete_volume_on_instance_delete"`
		Volume struct {
			Name     string
			Profile  ref
			UserTags []string `json:"user_tags"`
		}
	} `json:"boot_volume_attachment"`
}

// wrong says what of a request refers to nothing, "" when all is there.
func (c *Cloud) wrong(p prototype) string {
	subnet := c.subnets[p.NIC.Subnet.ID]
	_, _, sized := size(p.Profile.Name)
	switch {
	case c.images[p.Image.ID] == nil:
		return "image " + p.Image.ID
	case !sized:
		return "profile " + p.Profile.Name
	case subnet == nil, subnet["vpc"].(object)["id"] != p.VPC.ID, subnet["zone"].(object)["name"] != p.Zone.Name:
		return "subnet " + p.NIC.Subnet.ID + " in zone " + p.Zone.Name + " of VPC " + p.VPC.ID
	}
	if group := c.common("", "", "", p.ResourceGroup.ID)["resource_group"].(object)["name"]; group == "" {
		return "resource group " + p.ResourceGroup.ID
	}
	for _, k := range p.Keys {
		if c.keys[k.ID] == nil {
			return "key " + k.ID
		}
	}
	return ""
}

func (c *Cloud) createInstance(w http.ResponseWriter, r *http.Request) {
	var p prototype
	if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
		problem(w, http.StatusBadRequest, "bad_field", err.Error())
		return
	}
	if what := c.wrong(p); what != "" {
		problem(w, http.StatusNotFound, "not_found", "Cannot find "+what+".")
		return
	}
	for _, o := range c.instances {
		if o["name"] == p.Name {
			problem(w, http.StatusConflict, "not_unique", "An instance named "+p.Name+" is there.")
			return
		}
	}
	if c.quota >= 0 && len(c.instances) >= c.quota {
		problem(w, http.StatusForbidden, "over_quota", fmt.Sprintf("The quota of %d instances in the region is reached.", c.quota))
		return
	}
	answer(w, http.StatusCreated, c.made(p))
}

// made enters an instance, its network interface and its boot volume into the books.
func (c *Cloud) made(p prototype) object {
	id, nic := c.id("instance"), c.id("nic")
	volume := c.common("volume", c.id("volume"), p.Boot.Volume.Name, p.ResourceGroup.ID)
	volume["capacity"], volume["iops"], volume["bandwidth"], volume["profile"] = 100, 3000, 393, object{"name": p.Boot.Volume.Profile.Name}
	volume["user_tags"], volume["status"] = lower(p.Boot.Volume.UserTags), "available"
	c.volumes[volume["id"].(string)] = volume
	attachment := object{"id": c.id("attachment"), "name": "boot", "type": "boot", "volume": refer(volume), "delete_volume_on_instance_delete": p.Boot.Delete}
	subnet := c.subnets[p.NIC.Subnet.ID]
	cores, memory, _ := size(p.Profile.Name)
	card := object{
		"id": nic, "name": p.NIC.Name, "subnet": refer(subnet), "resource_type": "network_interface", "type": "primary", "allow_ip_spoofing": false,
		"href":       c.server.URL + "/v1/instances/" + id + "/network_interfaces/" + nic,
		"primary_ip": object{"id": "ip-" + nic, "name": "np", "address": fmt.Sprintf("10.243.0.%d", 4+c.next%250), "href": "ip", "resource_type": "subnet_reserved_ip"},
	}
	o := c.common("instance", id, p.Name, p.ResourceGroup.ID)
	for key, v := range (object{
		"status": "pending", "status_reasons": []object{}, "lifecycle_state": "pending", "health_state": "ok", "health_reasons": []object{},
		"image": refer(c.images[p.Image.ID]), "profile": object{"name": p.Profile.Name}, "vpc": refer(c.vpc()), "zone": object{"name": p.Zone.Name},
		"vcpu": object{"architecture": "amd64", "count": cores, "manufacturer": "intel", "percentage": 100, "burst": object{"limit": 100}}, "memory": memory, "bandwidth": 8000, "startable": true,
		"primary_network_interface": card, "network_interfaces": []object{card}, "boot_volume_attachment": attachment,
		"volume_attachments": []object{attachment}, "disks": []object{}, "metadata_service": object{"enabled": false, "protocol": "http", "response_hop_limit": 1},
		"user_data": p.UserData, "keys": p.Keys,
	}) {
		o[key] = v
	}
	c.instances[id] = o
	return o
}

// instance is that of a request's path. A new one runs when it is looked at, or has failed where the zone is full; one
// that is being deleted is gone.
func (c *Cloud) instance(r *http.Request) object {
	o := c.instances[r.PathValue("id")]
	switch {
	case o == nil:
	case o["status"] == "deleting":
		volume := o["boot_volume_attachment"].(object)["volume"].(object)["id"].(string)
		delete(c.volumes, volume)
		delete(c.instances, o["id"].(string))
		return nil
	case o["status"] == "pending" && c.full[o["zone"].(object)["name"].(string)]:
		o["status"] = "failed"
		o["status_reasons"] = []object{{"code": "cannot_start_capacity", "message": "Can't start instance because resource capacity is unavailable.", "more_info": "https://cloud.ibm.com/docs/vpc?topic=vpc-instance-status-messages#cannot-start-capacity"}}
	case o["status"] == "pending":
		o["status"], o["lifecycle_state"] = "running", "stable"
	}
	return o
}

func (c *Cloud) deleteInstance(w http.ResponseWriter, r *http.Request) {
	o := c.instances[r.PathValue("id")]
	if o == nil {
		problem(w, http.StatusNotFound, "not_found", "Instance not found.")
		return
	}
	o["status"], o["lifecycle_state"] = "deleting", "deleting"
	w.WriteHeader(http.StatusNoContent)
}

func (c *Cloud) networkInterface(r *http.Request) object {
	if o := c.instances[r.PathValue("id")]; o != nil && o["primary_network_interface"].(object)["id"] == r.PathValue("nic") {
		return o["primary_network_interface"].(object)
	}
	return nil
}

func (c *Cloud) attachment(r *http.Request) object {
	if o := c.instances[r.PathValue("id")]; o != nil && o["boot_volume_attachment"].(object)["id"] == r.PathValue("attachment") {
		return o["boot_volume_attachment"].(object)
	}
	return nil
}

func (c *Cloud) reservedIP(r *http.Request) object {
	for _, o := range c.instances {
		if ip := o["primary_network_interface"].(object)["primary_ip"].(object); ip["id"] == r.PathValue("ip") {
			return object{"id": ip["id"], "name": ip["name"], "address": ip["address"], "auto_delete": true, "owner": "user", "href": "ip", "resource_type": "subnet_reserved_ip"}
		}
	}
	return nil
}

// lower is how tags are kept.
func lower(tags []string) []string {
	out := []string{}
	for _, t := range tags {
		out = append(out, strings.ToLower(t))
	}
	return out
}
