package azure

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
)

// create makes a resource, or changes one that is there.
func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	made := &resource{path: r.URL.Path}
	data, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil || json.Unmarshal(data, &made.doc) != nil || made.doc == nil {
		refuse(w, http.StatusBadRequest, "InvalidRequestContent", "The request content was invalid and could not be deserialized.")
		return
	}
	s.made++
	var no *refusal
	switch kind(made.path) {
	case addresses:
		s.address(made)
	case interfaces:
		no = s.plug(made)
	case machines:
		no = s.boot(made)
	default:
		no = &refusal{http.StatusNotFound, "NoRegisteredProviderFound", "There is nothing of that kind to be made.", false}
	}
	if no != nil && !no.later {
		refuse(w, no.status, no.code, no.text)
		return
	}
	s.keep(made)
	if no != nil {
		properties(made.doc)["provisioningState"] = "Failed"
		s.begin(w, no.code, no.text)
	} else {
		s.begin(w, "", "")
	}
	answer(w, http.StatusCreated, made.doc)
}

// refusal is why something is not made: at once, or later on.
type refusal struct {
	status     int
	code, text string
	later      bool
}

// address gives one.
func (s *Server) address(r *resource) {
	p := properties(r.doc)
	p["ipAddress"] = fmt.Sprintf("203.0.113.%d", s.made%250+1)
	if p["publicIPAddressVersion"] == "IPv6" {
		p["ipAddress"] = fmt.Sprintf("2001:db8::%x", s.made)
	}
}

// plug makes an interface in a subnet.
func (s *Server) plug(r *resource) *refusal {
	configs, _ := properties(r.doc)["ipConfigurations"].([]any)
	if len(configs) == 0 {
		return &refusal{http.StatusBadRequest, "NetworkInterfaceMustHaveOneIpConfiguration", "The interface has no address.", false}
	}
	for n, c := range configs {
		config, _ := c.(map[string]any)
		p := properties(config)
		if s.at(child(p, "subnet")["id"]) == nil {
			return &refusal{http.StatusNotFound, "InvalidResourceReference", "The subnet is not there.", false}
		}
		public, _ := p["publicIPAddress"].(map[string]any)
		if public != nil {
			a := s.at(public["id"])
			if a == nil {
				return &refusal{http.StatusNotFound, "InvalidResourceReference", "The public address is not there.", false}
			}
			properties(a.doc)["ipConfiguration"] = map[string]any{"id": r.path}
		}
		config["id"] = r.path + "/ipConfigurations/" + fmt.Sprint(config["name"])
		p["privateIPAddress"] = fmt.Sprintf("10.0.%d.%d", s.made/250%250, s.made%250+4)
		if p["privateIPAddressVersion"] == "IPv6" {
			if n == 0 {
				return &refusal{http.StatusBadRequest, "NetworkInterfacePrimaryIpConfigurationCannotBeIpv6", "The primary address cannot be an IPv6 one.", false}
			}
			p["privateIPAddress"] = fmt.Sprintf("fd00::%x", s.made)
		}
	}
	return nil
}

func (s *Server) at(id any) *resource {
	text, _ := id.(string)
	return s.resources[strings.ToLower(text)]
}

// boot makes a machine and its disk.
func (s *Server) boot(r *resource) *refusal {
	p := properties(r.doc)
	size, _ := child(p, "hardwareProfile")["vmSize"].(string)
	profile := child(p, "osProfile")
	linux := child(profile, "linuxConfiguration")
	switch {
	case coresOf(size) == 0:
		return &refusal{http.StatusBadRequest, "InvalidParameter", fmt.Sprintf("The value %s provided for the VM size is not valid.", size), false}
	case linux["disablePasswordAuthentication"] == true && profile["adminPassword"] != nil, linux["disablePasswordAuthentication"] == false && profile["adminPassword"] == nil:
		return &refusal{http.StatusBadRequest, "InvalidParameter", "Authentication using either SSH or by user name and password must be enabled in Linux profile.", false}
	}
	interfaces, _ := child(p, "networkProfile")["networkInterfaces"].([]any)
	if no := s.full(size, r.path); no != nil {
		s.reserve(interfaces)
		return no
	}
	storage := child(p, "storageProfile")
	image := child(storage, "imageReference")
	if id, ok := image["id"].(string); ok && s.at(id) == nil {
		return &refusal{http.StatusNotFound, "NotFound", "The image " + id + " is not there.", false}
	}
	for _, of := range interfaces {
		ref, _ := of.(map[string]any)
		nic := s.at(ref["id"])
		if nic == nil {
			return &refusal{http.StatusNotFound, "NotFound", "The interface is not there.", false}
		}
		properties(nic.doc)["virtualMachine"] = map[string]any{"id": r.path}
	}
	disk := &resource{path: GroupPath + "/providers/Microsoft.Compute/disks/" + path.Base(r.path) + "_OsDisk_1", doc: map[string]any{"managedBy": r.path}}
	s.keep(disk)
	os := child(storage, "osDisk")
	os["name"] = path.Base(disk.path)
	child(os, "managedDisk")["id"] = disk.path
	p["vmId"], p["timeCreated"] = fmt.Sprintf("00000000-0000-0000-0000-%012d", s.made), "2026-11-26T12:00:00.0000000+00:00"
	delete(profile, "adminPassword") // Azure gives neither out
	delete(profile, "customData")
	if s.failure == "AllocationFailed" {
		return &refusal{0, s.failure, "Allocation failed. We do not have sufficient capacity for the requested VM size in this region. Read more about improving likelihood of allocation success at http://aka.ms/allocation-guidance", true}
	}
	return nil
}

// reserve keeps the interfaces of a machine that is refused. Azure does so for three minutes; here they are kept until their
// deletion has been refused once.
func (s *Server) reserve(interfaces []any) {
	for _, of := range interfaces {
		ref, _ := of.(map[string]any)
		if nic := s.at(ref["id"]); nic != nil {
			nic.reserved = true
		}
	}
}

// remove deletes what is not in use.
func (s *Server) remove(w http.ResponseWriter, key string) {
	p := properties(s.resources[key].doc)
	if user, used := p["virtualMachine"].(map[string]any); used && kind(key) == interfaces {
		refuse(w, http.StatusBadRequest, "NicInUse", fmt.Sprintf("Network Interface %s is used by existing resource %s.", key, user["id"]))
		return
	}
	if r := s.resources[key]; r.reserved {
		r.reserved = false
		refuse(w, http.StatusBadRequest, "NicReservedForAnotherVm", "Nic(s) in request is reserved for another Virtual Machine for 180 seconds.")
		return
	}
	if user, used := p["ipConfiguration"].(map[string]any); used && s.at(user["id"]) != nil {
		refuse(w, http.StatusBadRequest, "PublicIPAddressCannotBeDeleted", fmt.Sprintf("Public IP address %s can not be deleted since it is still allocated to resource %s.", key, user["id"]))
		return
	}
	delete(s.resources, key)
	for _, r := range s.resources {
		if user, used := properties(r.doc)["virtualMachine"].(map[string]any); used && strings.EqualFold(fmt.Sprint(user["id"]), key) {
			delete(properties(r.doc), "virtualMachine")
		}
	}
	s.begin(w, "", "")
	w.WriteHeader(http.StatusAccepted)
}
