package driver

import (
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Image is what every cloud image and disk image has.
type Image struct {
	*Scope
	Name string
	Login
	// Pause stops uploads of a disk image.
	Pause bool
}

// EntryName is the image's name.
func (i *Image) EntryName() string { return i.Name }

// Base is the image itself, for those that embed it.
func (i *Image) Base() *Image { return i }

// Named is the name's row.
func (i *Image) Named(need option.Need, maps string) option.Row {
	return option.Name("name", &i.Name, "image").Need(need).Maps(maps)
}

// Paused is pause.
func (i *Image) Paused() option.Row { return option.Bool("pause", &i.Pause, false).Maps(Builder) }

// Uploaded checks that a disk image can be built and returns the global image it
// is made from, or a zero one.
func (i *Image) Uploaded(m *schema.Mapping) Global {
	f, _ := m.Get("name")
	global, ok := i.Images[i.Name]
	switch {
	case i.Name == "":
	case !ok:
		i.refer(f, "E-IMG-UNDEF", "image %s is not defined in the global diskimages%s", i.Name, Hint(i.Name, i.imageNames()))
	case global.Abstract:
		f.LoadError("E-IMG-ABSTRACT", "image %s is abstract; name an image made from it", i.Name)
	}
	return global
}

// Read by drivers whose disk images have a username of their own, else the global
// one's (config-reference A3).
func (i *Image) inheritUser(g Global) {
	if i.Username == "" {
		i.Username = g.Username
	}
}

// SettleUpload checks and completes a disk image of which python-path and
// shell-type are its own (aws, azure, ibmvpc).
func (i *Image) SettleUpload(m *schema.Mapping) {
	i.inheritUser(i.Uploaded(m))
	i.Settle(m)
}
