package api

import (
	"maps"
	"time"
)

// State of an instance as a listing shows it.
type State string

// The states of an instance. What is gone is not found any more.
const (
	Build    State = "BUILD"
	Active   State = "ACTIVE"
	Errored  State = "ERROR"
	Deleting State = "DELETING"
	Gone     State = "GONE" // only in the history
)

// InstanceSpec asks for an instance.
type InstanceSpec struct {
	Name   string            `json:"name"`
	Image  string            `json:"image"`  // name or id
	Flavor string            `json:"flavor"` // name
	Tags   map[string]string `json:"tags,omitempty"`
}

// Instance is a server that the cloud bills.
type Instance struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Image       string            `json:"image"` // as asked for
	ImageID     string            `json:"image_id"`
	Flavor      string            `json:"flavor"`
	Tags        map[string]string `json:"tags"`
	State       State             `json:"state"`
	Fault       string            `json:"fault,omitempty"` // why it is in ERROR
	PublicIPv4  string            `json:"public_ipv4"`     // loopback; nothing listens there
	PrivateIPv4 string            `json:"private_ipv4"`
	Created     time.Time         `json:"created"`
	Deleted     time.Time         `json:"deleted,omitzero"` // when it went; only of what is gone
	Vanished    bool              `json:"vanished,omitempty"`
}

// HasTags reports whether all wanted tags are there; an empty wanted value matches any.
func HasTags(tags, want map[string]string) bool {
	for k, v := range want {
		have, ok := tags[k]
		if !ok || (v != "" && have != v) {
			return false
		}
	}
	return true
}

// Page is one page of a listing. Next is the marker that the following page is asked for with, empty on the last.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// PageSize is how much a page holds at most.
const PageSize = 1000

// Object is an image or a network: a name, tags and whatever its maker says of it.
type Object struct {
	ID      string            `json:"id"`
	Kind    string            `json:"kind"` // Images or Networks
	Project string            `json:"project"`
	Name    string            `json:"name"`
	Tags    map[string]string `json:"tags"`
	Details map[string]string `json:"details"` // of an image: format, checksum; of a network: cidr
	Created time.Time         `json:"created"`
}

// The kinds of things in a cloud, as they stand in its addresses.
const (
	Instances = "instances"
	Images    = "images"
	Networks  = "networks"
)

// Clone shares nothing with the original.
func (o Object) Clone() Object {
	o.Tags, o.Details = maps.Clone(o.Tags), maps.Clone(o.Details)
	return o
}

// Flavor is a size of instances.
type Flavor struct {
	Name  string `json:"name"`
	Cores int    `json:"cores"`
	RAM   int    `json:"ram"` // MiB
}

// Flavors that every project has.
func Flavors() []Flavor {
	return []Flavor{{"tiny", 1, 512}, {"small", 1, 2048}, {"medium", 2, 4096}, {"large", 4, 8192}, {"huge", 16, 65536}}
}
