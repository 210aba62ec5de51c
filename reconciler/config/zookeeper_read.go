package config

import (
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// zooKeeper reads the connection settings of the main file.
func (l *loader) zooKeeper(m *schema.Mapping) {
	z := &l.cfg.ZooKeeper
	l.servers = m.Field
	if f, ok := m.Get("zookeeper-servers"); ok {
		z.Servers, l.servers = servers(f), f
	}
	z.TLS = tlsFiles(m)
	z.Timeout = zooKeeperTimeout(m)
}

// checkZooKeeper warns about what a daemon will refuse to start with, once both
// files have had their say.
func (l *loader) checkZooKeeper(m *schema.Mapping) {
	f, z := l.servers, l.cfg.ZooKeeper
	if len(z.Servers) == 0 {
		f.StrictError("E-ZK", "zookeeper-servers names no server; the daemon cannot start without one")
	} else if _, err := z.ChrootPath(); err != nil {
		f.StrictError("E-ZK", "%v", err)
	}
	if z.TLS == nil {
		m.Warn("W-ZK-PLAIN", "there is no zookeeper-tls section: the connection to ZooKeeper is not encrypted")
	}
}

func servers(f schema.Field) []Server {
	var out []Server
	items, _ := f.Items()
	for _, item := range items {
		entry, ok := item.Mapping()
		if !ok {
			continue
		}
		s := Server{Host: entry.Str("host", ""), Port: port(entry, "port", 2281), Chroot: entry.Str("chroot", "")}
		entry.Done()
		if s.Host == "" {
			entry.LoadError("E-REQ", "a ZooKeeper server needs a host")
			continue
		}
		out = append(out, s)
	}
	return out
}

// tlsFiles reads zookeeper-tls; an absent or empty section means no TLS.
func tlsFiles(m *schema.Mapping) *TLSFiles {
	section := m.Map("zookeeper-tls")
	if section == nil || len(section.Value().Entries) == 0 {
		return nil
	}
	t := &TLSFiles{Cert: section.Str("cert", ""), Key: section.Str("key", ""), CA: section.Str("ca", "")}
	section.Done()
	if missing := t.missing(); len(missing) > 0 {
		section.StrictError("E-ZK", "%s not given; cert, key and ca are all needed", strings.Join(missing, ", "))
	}
	// A daemon finds out when it connects; a validation has only this chance.
	if section.Mode() != schema.Load {
		if err := t.readable(); err != nil {
			section.StrictError("E-ZK", "%v", err)
		}
	}
	return t
}

// zooKeeperTimeout takes integers too (D4), though upstream's validator does not.
func zooKeeperTimeout(m *schema.Mapping) time.Duration {
	f, ok := m.Get("zookeeper-timeout")
	if !ok {
		return defaultZooKeeperTimeout
	}
	if f.Value().Kind == schema.Null {
		f.Error("E-TYPE", "expected number of seconds, found null")
		return defaultZooKeeperTimeout
	}
	n, ok := f.Number()
	if !ok {
		return defaultZooKeeperTimeout
	}
	if n <= 0 || n > 3600 {
		f.StrictError("E-RANGE", "expected more than 0 and at most 3600 seconds; the default of 10 is used")
		return defaultZooKeeperTimeout
	}
	return time.Duration(n * float64(time.Second))
}
