package books

import (
	"fmt"
	"maps"
	"net/netip"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// instance is the record of one, as it stands in the files. Times are in nanoseconds since 1970, 0: never.
type instance struct {
	ID       string            `json:"id"`
	Seq      uint32            `json:"seq"`
	Project  string            `json:"project"`
	Name     string            `json:"name"`
	Image    string            `json:"image"`
	ImageID  string            `json:"image_id"`
	Flavor   string            `json:"flavor"`
	Tags     map[string]string `json:"tags,omitempty"`
	Created  int64             `json:"created"`
	Ready    int64             `json:"ready,omitempty"` // leaves BUILD
	Broken   bool              `json:"broken,omitempty"`
	Fault    string            `json:"fault,omitempty"`
	Asked    int64             `json:"asked,omitempty"` // deletion was accepted
	Ends     int64             `json:"ends,omitempty"`  // is gone
	Vanishes bool              `json:"vanishes,omitempty"`
}

func (i *instance) state(now int64) api.State {
	switch {
	case i.Ends != 0 && i.Ends <= now:
		return api.Gone
	case i.Asked != 0:
		return api.Deleting
	case i.Ready == 0 || i.Ready > now:
		return api.Build
	case i.Broken:
		return api.Errored
	}
	return api.Active
}

// seconds is what it has cost until now.
func (i *instance) seconds(now int64) float64 {
	if i.Ends != 0 && i.Ends < now {
		now = i.Ends
	}
	return time.Duration(now - i.Created).Seconds()
}

// show is the instance as clients see it.
func (i *instance) show(now int64) api.Instance {
	out := api.Instance{
		ID: i.ID, Name: i.Name, Image: i.Image, ImageID: i.ImageID, Flavor: i.Flavor, Tags: maps.Clone(i.Tags),
		State: i.state(now), Created: time.Unix(0, i.Created).UTC(),
		PublicIPv4: address(64, i.Seq), PrivateIPv4: address(128, i.Seq),
	}
	if out.Tags == nil {
		out.Tags = map[string]string{}
	}
	if out.State == api.Errored {
		out.Fault = i.Fault
	}
	if out.State == api.Gone {
		out.Deleted, out.Vanished = time.Unix(0, i.Ends).UTC(), i.Vanishes
	}
	return out
}

// address is unique among four million instances that follow each other: 127.64.0.0/10 and 127.128.0.0/10.
func address(block byte, seq uint32) string {
	n := seq % (1 << 22)
	return netip.AddrFrom4([4]byte{127, block + byte(n>>16), byte(n >> 8), byte(n)}).String()
}

// id orders by seq; salt keeps the ids of two clouds apart.
func id(prefix string, salt, seq uint32) string { return fmt.Sprintf("%s-%08x%08x", prefix, salt, seq) }

// seqOf is the seq within an id that may be gone by now.
func seqOf(id string) (uint32, bool) {
	var seq uint32
	if len(id) < 8 {
		return 0, false
	}
	_, err := fmt.Sscanf(id[len(id)-8:], "%08x", &seq)
	return seq, err == nil
}
