package config

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// ancestry returns def and its parents, the root first. looped remembers the
// images of loops already reported.
func (l *loader) ancestry(def *imageDef, looped map[string]bool) ([]*imageDef, bool) {
	chain := []*imageDef{def}
	for at := def; at.parent != ""; {
		next := l.images[at.parent]
		if next == nil {
			// Each image reports its own parent only, so nothing is said twice.
			if at == def {
				def.field.Error("E-IMG-PARENT", "image %s refers to unknown parent %s%s", def.name, at.parent, l.imageHint(at.parent))
			}
			return nil, false
		}
		if i := slices.Index(chain, next); i >= 0 {
			reportLoop(chain[i:], looped)
			return nil, false
		}
		chain = append(chain, next)
		at = next
	}
	slices.Reverse(chain)
	return chain, true
}

func reportLoop(loop []*imageDef, looped map[string]bool) {
	var names []string
	for _, d := range loop {
		if looped[d.name] {
			return
		}
		names = append(names, d.name)
	}
	for _, name := range names {
		looped[name] = true
	}
	names = append(names, names[0])
	loop[0].field.LoadError("E-IMG-CYCLE", "inheritance loop %s", strings.Join(names, " → "))
}

// inherit applies a chain of definitions, root first (config-reference A2).
func inherit(chain []*imageDef) *DiskImage {
	own := chain[len(chain)-1]
	out := &DiskImage{
		Name: own.name, Parent: own.parent,
		DibCmd: "disk-image-create", EnvVars: map[string]string{}, Metadata: map[string]string{},
		RebuildAge: 24 * time.Hour, BuildTimeout: 8 * time.Hour,
		Username: "zuul", PythonPath: "auto",
	}
	for _, d := range chain {
		out.apply(d)
	}
	if len(own.metadata) == 0 {
		for _, d := range chain[:len(chain)-1] {
			if len(d.metadata) > 0 {
				own.field.Warn("W-META-INHERIT", "metadata is not inherited from %s; repeat it here if it is wanted", d.name)
				break
			}
		}
	}
	return out
}

// apply lays one definition over what its parents said. Only
// delete-after-upload can be set back to false (D9), and metadata is always the
// definition's own (D8).
func (i *DiskImage) apply(d *imageDef) {
	i.Elements = append(i.Elements, d.elements...)
	maps.Copy(i.EnvVars, d.envVars)
	i.Metadata = map[string]string{}
	maps.Copy(i.Metadata, d.metadata)
	if d.deleteAfterUpload != nil {
		i.DeleteAfterUpload = *d.deleteAfterUpload
	}
	if len(d.formats) > 0 {
		i.Formats = d.formats
	}
	if len(d.keepFormats) > 0 {
		i.KeepFormats = d.keepFormats
	}
	i.Pause = i.Pause || d.pause
	replace(&i.DibCmd, d.dibCmd)
	replace(&i.Release, d.release)
	replace(&i.RebuildAge, d.rebuildAge)
	replace(&i.BuildTimeout, d.buildTimeout)
	replace(&i.Username, d.username)
	replace(&i.PythonPath, d.pythonPath)
	replace(&i.ShellType, d.shellType)
}

// replace sets *dst unless v is the zero value.
func replace[T comparable](dst *T, v T) {
	var zero T
	if v != zero {
		*dst = v
	}
}

// imageHint is "; did you mean X?" for an image name that does not exist.
func (l *loader) imageHint(name string) string {
	return hint(name, slices.Sorted(maps.Keys(l.images)))
}
