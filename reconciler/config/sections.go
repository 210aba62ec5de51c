package config

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// paths reads the options that are not in a section.
func (l *loader) paths(m *schema.Mapping) {
	c := l.cfg
	c.ElementsDir = m.Str("elements-dir", "")
	c.ImagesDir = m.Str("images-dir", "")
	c.BuildLogDir = m.Str("build-log-dir", "/var/log/nodepool/builds")
	c.BuildLogRetention = m.Int("build-log-retention", 7)
	// Upstream keeps at least one: the slice [:-0] is everything (D16).
	if c.BuildLogRetention == 0 {
		c.BuildLogRetention = 1
	}
	c.MaxHoldAge = max(0, m.Seconds("max-hold-age", 0))
}

func (l *loader) webApp(m *schema.Mapping) {
	l.cfg.WebApp = WebApp{Port: 8005, ListenAddress: "0.0.0.0"}
	w := m.Map("webapp")
	if w == nil {
		return
	}
	l.cfg.WebApp.Port = port(w, "port", 8005)
	l.cfg.WebApp.ListenAddress = w.Str("listen_address", "0.0.0.0")
	l.cfg.WebApp.AdminToken = secretWord(w, "admin-token")
	w.Done()
}

// checkImagesDir misses images-dir where images are built. A launcher does without,
// and it is most often a launcher's configuration that is checked.
func (l *loader) checkImagesDir(m *schema.Mapping) {
	if l.mode == schema.Strict && len(l.cfg.DiskImages) > 0 && l.cfg.ImagesDir == "" {
		m.Absent("images-dir").StrictError("E-IMAGES-DIR", "images-dir is required by the builder")
	}
}

// port reads a TCP port; 0 lets the system choose. Upstream takes any integer
// and fails later.
func port(m *schema.Mapping, key string, def int) int {
	n := m.Int(key, def)
	if f, ok := m.Get(key); ok && (n < 0 || n > 65535) {
		f.StrictError("E-RANGE", "a port is between 0 and 65535")
	}
	return n
}

// labels reads the global labels. A later one of the same name wins.
func (l *loader) labels(m *schema.Mapping) {
	l.cfg.Labels = map[string]*Label{}
	for _, f := range m.List("labels") {
		entry, ok := f.Mapping()
		if !ok {
			continue
		}
		name, ok := entry.Name("name", "E-LABEL-NONAME", "a label needs a name")
		label := &Label{
			Name:        name,
			MinReady:    max(0, entry.Int("min-ready", 0)),
			MaxReadyAge: max(0, entry.Seconds("max-ready-age", 0)),
		}
		entry.Done()
		if !ok {
			continue
		}
		if l.cfg.Labels[name] != nil {
			f.Warn("W-DUP-LABEL", "label %s is defined twice; the last one is used", name)
		} else {
			l.cfg.LabelNames = append(l.cfg.LabelNames, name)
		}
		l.cfg.Labels[name] = label
	}
}

// tenants reads tenant-resource-limits. Keys it has no short name for are
// resource names of their own.
func (l *loader) tenants(m *schema.Mapping) {
	l.cfg.TenantLimits = map[string]map[string]float64{}
	short := map[string]string{
		"max-servers": "instances", "max-cores": "cores", "max-ram": "ram",
		"max-volumes": "volumes", "max-volume-gb": "volume-gb",
	}
	for _, f := range m.List("tenant-resource-limits") {
		entry, ok := f.Mapping()
		if !ok {
			continue
		}
		name, named := l.tenantName(entry)
		limits := map[string]float64{}
		entry.Rest(func(key string, f schema.Field) {
			if n, ok := f.Int(); ok {
				if long := short[key]; long != "" {
					key = long
				}
				limits[key] = float64(n)
			}
		})
		if !named {
			continue
		}
		if l.cfg.TenantLimits[name] != nil {
			f.Warn("W-DUP-TENANT", "tenant %s has limits twice; the last ones are used", name)
		}
		l.cfg.TenantLimits[name] = limits
	}
}

// tenantName reads tenant-name, whose absence upstream's validator misses (D14).
func (l *loader) tenantName(entry *schema.Mapping) (string, bool) {
	f, ok := entry.Get("tenant-name")
	if !ok {
		entry.LoadError("E-TENANT", "tenant-name is required")
		return "", false
	}
	return f.Str()
}

const defaultZooKeeperTimeout = 10 * time.Second
