package driver

import (
	"fmt"
	"io/fs"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// Shipped is the folder node of what a driver's package embeds.
func Shipped(files fs.FS) fs.FS {
	dir, err := fs.Sub(files, "node")
	if err != nil {
		panic(err) // the name is not a path
	}
	return dir
}

// SpecOf makes Driver.Spec of how a label is found in a provider of type P, nil for none, and what is made of it.
func SpecOf[P Options, L any](find func(p P, pool, label string) *L, spec func(P, *L) (*modules.Spec, error)) func(o Options, pool, label string) (*modules.Spec, error) {
	return func(o Options, pool, label string) (*modules.Spec, error) {
		p, ok := o.(P)
		if !ok {
			return nil, fmt.Errorf("a provider of type %T is none of this driver's", o)
		}
		l := find(p, pool, label)
		if l == nil {
			return nil, fmt.Errorf("there is no label %s in pool %s", label, pool)
		}
		return spec(p, l)
	}
}
