package config

import (
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// addImage reads one entry of cloud-images or diskimages.
func addImage(images map[string]*Image, f schema.Field, read func(*schema.Mapping, *Image)) {
	m, ok := f.Mapping()
	if !ok {
		return
	}
	name, ok := m.Name("name", "E-REQ", "an image needs a name")
	image := &Image{Name: name}
	login(m, image)
	read(m, image)
	m.Done()
	if !ok {
		return
	}
	if images[name] != nil {
		f.Warn("W-DUP-IMAGE", "image %s is listed twice; the last one is used", name)
	}
	images[name] = image
}

// login reads how to get into a node; a label has the same options as an image.
func login(m *schema.Mapping, i *Image) {
	i.Username = m.Str("username", "")
	i.PythonPath = m.Str("python-path", "")
	i.ShellType = m.Str("shell-type", "")
	i.ConnectionType = m.Str("connection-type", "")
	port := count(m, "connection-port")
	if port == nil {
		return
	}
	if i.ConnectionPort = *port; *port < 1 || *port > 65535 {
		f, _ := m.Get("connection-port")
		f.Error("E-RANGE", "a port is between 1 and 65535")
	}
}

// cloudImage finds what a module is told as node.image_id: the id, else the
// cloud's name for the image, else the entry's own name.
func cloudImage(m *schema.Mapping, i *Image) {
	id, name := m.Str("image-id", ""), m.Str("image-name", "")
	if id != "" && name != "" {
		m.SchemaError("E-XOR", "image-id and image-name exclude each other; image-id is used")
	}
	i.ImageID = firstOf(id, name, i.Name)
}

// uploadedImage fills up from the global image what the entry does not say.
func (l *loader) uploadedImage(m *schema.Mapping, i *Image) {
	f, _ := m.Get("name")
	switch def := l.images[i.Name]; {
	case i.Name == "":
	case def == nil:
		f.Error("E-IMG-UNDEF", "image %s is not defined in the global diskimages%s", i.Name, l.imageHint(i.Name))
	case def.abstract:
		f.Error("E-IMG-ABSTRACT", "image %s is abstract; name an image made from it", i.Name)
	}
	global := l.cfg.DiskImages[i.Name]
	if global == nil {
		return
	}
	i.Username = firstOf(i.Username, global.Username)
	i.PythonPath = firstOf(i.PythonPath, global.PythonPath)
	i.ShellType = firstOf(i.ShellType, global.ShellType)
}

// firstOf returns the first value that is not zero.
func firstOf[T comparable](values ...T) T {
	var zero T
	for _, v := range values {
		if v != zero {
			return v
		}
	}
	return zero
}
