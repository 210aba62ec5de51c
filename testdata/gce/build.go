package gce

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// wanted is what is read of the body of an insert.
type wanted struct {
	Name        string `json:"name"`
	MachineType string `json:"machineType"`
	Disks       []struct {
		Boot, AutoDelete bool
		InitializeParams struct{ SourceImage, DiskType, DiskSizeGb string }
	} `json:"disks"`
	NetworkInterfaces []struct {
		Network, Subnetwork string
		AccessConfigs       []struct{ Type string }
	} `json:"networkInterfaces"`
	Metadata struct {
		Items []struct{ Key, Value string }
	} `json:"metadata"`
	ServiceAccounts []any `json:"serviceAccounts"`
}

var (
	nameForm  = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$`)
	keyForm   = regexp.MustCompile(`^[a-zA-Z0-9-_]{1,128}$`)
	imageForm = regexp.MustCompile(`(?:^|/)projects/([^/]+)/global/images/([^/]+)$`)
)

// build is an instance as it is wanted, if it can be had at all.
func (c *Cloud) build(want wanted, zone string) (*instance, *refused) {
	invalid := func(field, value, why string) (*instance, *refused) {
		return nil, &refused{http.StatusBadRequest, "invalid", fmt.Sprintf("Invalid value for field 'resource.%s': '%s'. %s", field, value, why)}
	}
	i := &instance{Instance: Instance{Name: want.Name, Zone: zone, MachineType: last(want.MachineType), Metadata: map[string]string{}}}
	switch {
	case !nameForm.MatchString(want.Name):
		return invalid("name", want.Name, "Must be a match of regex '[a-z]([-a-z0-9]{0,61}[a-z0-9])?'")
	case c.instances[want.Name] != nil:
		return nil, &refused{http.StatusConflict, "alreadyExists", fmt.Sprintf("The resource 'projects/%s/zones/%s/instances/%s' already exists", c.Project, zone, want.Name)}
	case machineTypes[i.MachineType][0] == 0 || !strings.Contains(want.MachineType, "zones/"+zone+"/"):
		return invalid("machineType", want.MachineType, "The referenced resource does not exist.")
	case len(want.Disks) != 1 || !want.Disks[0].Boot || !want.Disks[0].AutoDelete:
		return invalid("disks", "", "One boot disk that goes with the instance is all that is known here.")
	case len(want.NetworkInterfaces) != 1 || subnetwork(want) == "" || len(want.NetworkInterfaces[0].AccessConfigs) != 1:
		return invalid("networkInterfaces", fmt.Sprint(want.NetworkInterfaces), "The referenced network resource cannot be found.")
	case len(want.ServiceAccounts) > 0:
		return invalid("serviceAccounts", "", "None is known here.")
	}
	i.Subnetwork = subnetwork(want)
	params := want.Disks[0].InitializeParams
	named := imageForm.FindStringSubmatch(params.SourceImage)
	if named == nil {
		return invalid("disks[0].initializeParams.sourceImage", params.SourceImage, "The URL is malformed.")
	}
	if _, ok := c.find(named[1], func(i image) bool { return i.name == named[2] }); !ok {
		return invalid("disks[0].initializeParams.sourceImage", params.SourceImage, "The referenced image resource cannot be found.")
	}
	i.Image, i.DiskType = "projects/"+named[1]+"/global/images/"+named[2], last(params.DiskType)
	if !slices.Contains(diskTypes, i.DiskType) {
		return invalid("disks[0].initializeParams.diskType", params.DiskType, "The referenced resource does not exist.")
	}
	var err error
	if i.DiskSize, err = strconv.Atoi(params.DiskSizeGb); err != nil || i.DiskSize < imageSize {
		return invalid("disks[0].diskSizeGb", params.DiskSizeGb, fmt.Sprintf("Requested disk size cannot be smaller than the image size (%d GB)", imageSize))
	}
	for _, item := range want.Metadata.Items {
		if !keyForm.MatchString(item.Key) {
			return invalid("metadata.items[0].key", item.Key, "Must be a match of regex '[a-zA-Z0-9-_]{1,128}'")
		}
		i.Metadata[item.Key] = item.Value
	}
	return i, nil
}

// subnetwork is what an instance is in: that of the network default, or ci, whose network is in custom mode.
func subnetwork(want wanted) string {
	n := want.NetworkInterfaces[0]
	switch {
	case n.Subnetwork == "" && strings.HasSuffix(n.Network, "/global/networks/default"):
		return "default"
	case n.Network == "" && strings.HasSuffix(n.Subnetwork, "/regions/"+Region+"/subnetworks/ci"):
		return "ci"
	}
	return ""
}

// exceeded says no when one more would be too many.
func (c *Cloud) exceeded(machineType string) *refused {
	cpus, machines := c.used()
	no := func(metric string, limit int) *refused {
		return &refused{http.StatusForbidden, "quotaExceeded", fmt.Sprintf("Quota '%s' exceeded.  Limit: %d.0 in region %s.", metric, limit, Region)}
	}
	switch {
	case c.CPUs > 0 && cpus+machineTypes[machineType][0] > c.CPUs:
		return no("CPUS", c.CPUs)
	case c.Machines > 0 && machines+1 > c.Machines:
		return no("INSTANCES", c.Machines)
	}
	return nil
}

func last(link string) string { return link[strings.LastIndex(link, "/")+1:] }
