package config

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// imageDef is one entry of the global diskimages as written. A zero value means
// "not said" except where a pointer tells the two apart.
type imageDef struct {
	field    schema.Field
	name     string
	abstract bool
	parent   string

	dibCmd, release                 string
	elements, formats, keepFormats  []string
	envVars, metadata               map[string]string
	deleteAfterUpload               *bool
	pause                           bool
	rebuildAge, buildTimeout        time.Duration
	username, pythonPath, shellType string
}

// diskImages reads the global images and works out their inheritance.
func (l *loader) diskImages(m *schema.Mapping) {
	l.cfg.DiskImages = map[string]*DiskImage{}
	if f, ok := m.Get("diskimages"); ok {
		l.imageText = f.Value().Go()
	}
	var order []*imageDef
	for _, f := range m.List("diskimages") {
		def, ok := readImageDef(f)
		if !ok {
			continue
		}
		if l.images[def.name] != nil {
			f.SchemaError("E-IMG-DUP", "image %s is defined twice; the last one is used", def.name)
		}
		l.images[def.name] = def
		order = append(order, def)
	}
	looped := map[string]bool{}
	for _, def := range order {
		chain, ok := l.ancestry(def, looped)
		if ok && !def.abstract && l.images[def.name] == def {
			l.cfg.DiskImages[def.name] = inherit(chain)
		}
	}
}

func readImageDef(f schema.Field) (*imageDef, bool) {
	m, ok := f.Mapping()
	if !ok {
		return nil, false
	}
	name, ok := m.Name("name", "E-REQ", "a diskimage needs a name")
	d := &imageDef{
		field:        f,
		name:         name,
		abstract:     m.Bool("abstract", false),
		parent:       m.Str("parent", ""),
		dibCmd:       m.Str("dib-cmd", ""),
		elements:     m.Strings("elements"),
		envVars:      stringMap(m, "env-vars", envVar),
		formats:      m.Strings("formats"),
		keepFormats:  m.Strings("keep-formats"),
		rebuildAge:   m.Seconds("rebuild-age", 0),
		buildTimeout: m.Seconds("build-timeout", 0),
		pause:        m.Bool("pause", false),
		username:     m.Str("username", ""),
		pythonPath:   m.Str("python-path", ""),
		shellType:    m.Str("shell-type", ""),
		metadata:     stringMap(m, "metadata", metadataValue),
	}
	if f, has := m.Some("release", "string or integer"); has {
		d.release, _ = f.Text()
	}
	if f, has := m.Some("delete-after-upload", "boolean"); has {
		if b, ok := f.Bool(); ok {
			d.deleteAfterUpload = &b
		}
	}
	m.Done()
	return d, ok
}

// stringMap reads a mapping of anything to strings; nil when absent.
func stringMap(m *schema.Mapping, key string, read func(schema.Field) (string, bool)) map[string]string {
	section := m.Map(key)
	if section == nil {
		return nil
	}
	out := map[string]string{}
	section.Each(func(key string, f schema.Field) {
		if s, ok := read(f); ok {
			out[key] = s
		}
	})
	return out
}

// envVar reads a variable's value. Only strings are valid, but a number in a
// file that is already in use becomes the text it must have been meant as.
func envVar(f schema.Field) (string, bool) {
	if f.Mode() == schema.Load && f.Value().Kind == schema.Null {
		return "", true
	}
	return f.Str()
}

// metadataValue takes any scalar, as upstream does.
func metadataValue(f schema.Field) (string, bool) {
	switch f.Value().Kind {
	case schema.List, schema.Map:
		return f.Str()
	}
	return f.Value().PyString(), true
}
