package ibmvpc

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"
)

// What is there from the start.
const (
	Region  = "eu-de"
	Key     = "key-of-the-lab" // API key that logs in, as Service
	Service = "iam-ServiceId-lab"
	Trusted = "iam-Profile-lab" // trusted profile that Service may take on
	VPC     = "ci-vpc"
	Profile = "bx2-4x16" // 4 cores, 16 GiB
	account = "0123456789abcdef0123456789abcdef"
)

// object is a resource as the API shows it.
type object = map[string]any

// Cloud is the account. Its methods may be called by any goroutine.
type Cloud struct {
	server *httptest.Server

	mu   sync.Mutex
	next int
	// By id: what is there from the start, and what was made. Groups are ids of resource groups by name.
	images, keys, subnets, instances, volumes, addresses map[string]object
	groups                                               map[string]string
	tags                                                 map[string][]string // by CRN
	asked                                                []string
	who                                                  map[string]bool // asked

	quota int
	full  map[string]bool

	denied bool
}

// Start starts an account with a VPC of two zones, a few images and keys, and the given resource groups.
func Start(groups ...string) *Cloud {
	c := &Cloud{
		quota: -1, full: map[string]bool{}, who: map[string]bool{}, groups: map[string]string{"Default": "rg-default"}, tags: map[string][]string{},
		instances: map[string]object{}, volumes: map[string]object{}, addresses: map[string]object{},
	}
	for _, name := range groups {
		c.groups[name] = "rg-" + name
	}
	c.server = httptest.NewServer(c.routes())
	c.images, c.keys, c.subnets = c.firstImages(), c.firstKeys(), c.firstSubnets()
	return c
}

// Close ends the server.
func (c *Cloud) Close() { c.server.Close() }

// Env says where the cloud is, and how to log in, to programs that find IBM Cloud by the environment.
func (c *Cloud) Env() []string {
	var out []string
	for service, path := range map[string]string{"IAM": "", "IS_NG": "/v1", "RESOURCE_MANAGEMENT": "", "GT": "", "GS": ""} {
		out = append(out, "IBMCLOUD_"+service+"_API_ENDPOINT="+c.server.URL+path)
	}
	return append(out, "VPC_AUTH_TYPE=iam", "VPC_APIKEY="+Key)
}

// Quota bounds the region's instances, -1 does not.
func (c *Cloud) Quota(instances int) { c.locked(func() { c.quota = instances }) }

// Full tells that a zone has no room for another instance, or has it again.
func (c *Cloud) Full(zone string, full bool) { c.locked(func() { c.full[zone] = full }) }

// Deny has the API key refused, or accepted again. Tokens that were given go on.
func (c *Cloud) Deny(on bool) { c.locked(func() { c.denied = on }) }

// Books are names of all that was made and is there, with their kind.
func (c *Cloud) Books() []string {
	var out []string
	c.locked(func() {
		for kind, all := range map[string]map[string]object{"instance": c.instances, "volume": c.volumes, "floating IP": c.addresses} {
			for _, o := range all {
				out = append(out, fmt.Sprintf("%s %s", kind, o["name"]))
			}
		}
	})
	slices.Sort(out)
	return out
}

// Instance is the instance of a name as the API shows it, with its user_data, key ids and tags; nil when there is none.
func (c *Cloud) Instance(name string) map[string]any {
	var out object
	c.locked(func() {
		for _, o := range c.instances {
			if o["name"] == name {
				out = maps.Clone(o)
				out["tags"] = slices.Clone(c.tags[o["crn"].(string)])
			}
		}
	})
	return out
}

// Make makes an instance as Terraform's provider does, in zone eu-de-1 and a group, with a floating IP if it shall be
// public, two hours ago. Its boot volume has the tags at once, it and the address get them if they are tagged.
func (c *Cloud) Make(name, group string, public, tagged bool, tags ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := prototype{Name: name, Image: ref{ID: "r010-image-0"}, Profile: ref{Name: Profile}, Zone: ref{Name: Region + "-1"}, ResourceGroup: ref{ID: c.groups[group]}}
	p.NIC.Name, p.NIC.Subnet.ID = "eth0", "02b7-subnet-0"
	p.Boot.Volume.Name, p.Boot.Volume.Profile.Name, p.Boot.Volume.UserTags = name, "general-purpose", tags
	all := []object{c.made(p)}
	if public {
		all = append(all, c.reserve(name, c.groups[group], all[0]))
	}
	for _, o := range all {
		o["created_at"] = time.Now().Add(-2 * time.Hour).UTC().Format(time.RFC3339)
		if tagged {
			c.tags[o["crn"].(string)] = lower(tags)
		}
	}
}

// Lose takes an instance away, as somebody else who deletes it. Its floating IP stays.
func (c *Cloud) Lose(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, o := range c.instances {
		if o["name"] == name {
			delete(c.volumes, o["boot_volume_attachment"].(object)["volume"].(object)["id"].(string))
			delete(c.instances, id)
		}
	}
}

// Asked are method and path of all that was asked since the last call.
func (c *Cloud) Asked() (out []string) {
	c.locked(func() { out, c.asked = c.asked, nil })
	return out
}

// Who are those that asked for anything but a token since the last call.
func (c *Cloud) Who() (out []string) {
	c.locked(func() { out = slices.Sorted(maps.Keys(c.who)); clear(c.who) })
	return out
}

func (c *Cloud) locked(do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	do()
}

// id is a new one.
func (c *Cloud) id(kind string) string {
	c.next++
	return fmt.Sprintf("02b7-%s-%06d", kind, c.next)
}

// common is what every resource has.
func (c *Cloud) common(kind, id, name, group string) object {
	groupName := ""
	for n, g := range c.groups {
		if g == group {
			groupName = n
		}
	}
	return object{
		"id": id, "name": name, "href": c.server.URL + "/v1/" + kind + "/" + id,
		"crn":            fmt.Sprintf("crn:v1:bluemix:public:is:%s:a/%s::%s:%s", Region, account, kind, id),
		"created_at":     time.Now().UTC().Format(time.RFC3339),
		"resource_group": object{"id": group, "name": groupName, "href": c.server.URL + "/v2/resource_groups/" + group},
		"resource_type":  kind,
	}
}

// refer is a resource as another one refers to it.
func refer(o object) object {
	out := object{}
	for _, key := range []string{"id", "name", "href", "crn", "resource_type", "address"} {
		if v, ok := o[key]; ok {
			out[key] = v
		}
	}
	return out
}

// problem is an error as the VPC API tells it.
func problem(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, object{"errors": []object{{"code": code, "message": message, "more_info": "https://cloud.ibm.com/docs/vpc?topic=vpc-rias-error-messages#" + code}}, "trace": "lab"})
}
