package config

import "github.com/nodepool-tf/nodepool-tf/modules/schema"

// secure lays the secure file over what the main file said
// (config-reference 1.4): servers and TLS replace, image variables overlay.
func (l *loader) secure(m *schema.Mapping) {
	l.secureZooKeeper(m)
	if t := m.Map("terraform"); t != nil {
		l.cfg.Terraform.StateKey = secretWord(t, "state-key")
		t.Done()
	}
	if w := m.Map("webapp"); w != nil {
		if _, ok := w.Get("admin-token"); ok {
			l.cfg.WebApp.AdminToken = secretWord(w, "admin-token")
		}
		w.Done()
	}
	for _, f := range m.List("diskimages") {
		l.secureImage(f)
	}
	// Upstream ignores anything else in silence; a validation may say so.
	m.Rest(func(key string, f schema.Field) {
		if l.mode != schema.Load {
			f.Warn("W-INERT", "a secure file gives only zookeeper-servers, zookeeper-tls, diskimages, terraform and webapp")
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

// shortestSecret is the least length of a secret of our own: what it protects can be guessed at for long, and a word
// from a dictionary is none.
const shortestSecret = 16

// secretWord reads such a secret: what the copies of Terraform states are encrypted with, what an operator proves to the
// dashboard.
func secretWord(m *schema.Mapping, key string) string {
	word := m.Str(key, "")
	if f, ok := m.Get(key); ok && len(word) < shortestSecret {
		f.LoadError("E-RANGE", "%s needs at least %d characters; `openssl rand -base64 32` makes a good one", key, shortestSecret)
	}
	return word
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
