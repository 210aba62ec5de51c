package config

import "github.com/nodepool-tf/nodepool-tf/modules/schema"

// secure lays the secure file over what the main file said
// (config-reference 1.4): servers and TLS replace, image variables overlay.
func (l *loader) secure(m *schema.Mapping) {
	l.secureZooKeeper(m)
	if t := m.Map("terraform"); t != nil {
		l.cfg.Terraform.StateKey = stateKey(t)
	}
	for _, f := range m.List("diskimages") {
		l.secureImage(f)
	}
	// Upstream ignores anything else in silence; a validation may say so.
	m.Rest(func(key string, f schema.Field) {
		if l.mode != schema.Load {
			f.Warn("W-INERT", "a secure file gives only zookeeper-servers, zookeeper-tls, diskimages and terraform")
		}
	})
}

func (l *loader) secureZooKeeper(m *schema.Mapping) {
	z := &l.cfg.ZooKeeper
	if f, ok := m.Get("zookeeper-servers"); ok {
		if list := servers(f); len(list) > 0 {
			z.Servers, l.servers = list, f
		}
	}
	if t := tlsFiles(m); t != nil {
		z.TLS = t
	}
}

// shortestKey is the least length of a state-key: it is stretched, but a word
// from a dictionary stays one.
const shortestKey = 16

// stateKey reads what the copies of Terraform states are encrypted with.
func stateKey(m *schema.Mapping) string {
	key := m.Str("state-key", "")
	if f, ok := m.Get("state-key"); ok && len(key) < shortestKey {
		f.LoadError("E-RANGE", "state-key needs at least %d characters; `openssl rand -base64 32` makes a good one", shortestKey)
	}
	m.Done()
	return key
}

func (l *loader) secureImage(f schema.Field) {
	entry, ok := f.Mapping()
	if !ok {
		return
	}
	name, ok := entry.Name("name", "E-REQ", "the image that gets the env-vars must be named")
	if !ok {
		return
	}
	vars := entry.Map("env-vars")
	switch def := l.images[name]; {
	case def == nil:
		f.LoadError("E-SEC-IMG", "secure file: unknown image %s%s", name, l.imageHint(name))
	case def.abstract:
		f.LoadError("E-IMG-ABSTRACT", "image %s is abstract; name the images made from it", name)
	case vars == nil:
		f.LoadError("E-SEC-ENV", "env-vars missing for image %s", name)
	default:
		image := l.cfg.DiskImages[name]
		vars.Each(func(key string, f schema.Field) {
			if s, ok := envVar(f); ok && image != nil {
				image.EnvVars[key] = s
			}
		})
	}
}
