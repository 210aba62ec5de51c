package driver

import (
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Login is how to get into a node.
type Login struct {
	Username, PythonPath, ShellType, ConnectionType string
	// ConnectionPort is 22, or 5986 for winrm, unless given.
	ConnectionPort int
}

// User is username.
func (l *Login) User() option.Row { return option.Str("username", &l.Username, "").Maps(Record) }

// Shell are python-path and shell-type.
func (l *Login) Shell() option.Table {
	return option.Table{
		option.Str("python-path", &l.PythonPath, "auto").Maps(Record),
		option.Str("shell-type", &l.ShellType, "").Maps(Record),
	}
}

// Connection are connection-type and connection-port; Settle completes them.
func (l *Login) Connection() option.Table {
	return option.Table{
		option.Str("connection-type", &l.ConnectionType, "ssh").Maps(Record),
		option.Int("connection-port", &l.ConnectionPort, 0).Default("22 / 5986").Maps(Record),
	}
}

// Settle gives the port the default of the connection type.
func (l *Login) Settle(m *schema.Mapping) {
	if f, ok := m.Get("connection-port"); ok && f.Value().Kind != schema.Null && (l.ConnectionPort < 1 || l.ConnectionPort > 65535) {
		f.StrictError("E-RANGE", "a port is between 1 and 65535; the default of the connection type is used")
		l.ConnectionPort = 0
	}
	switch {
	case l.ConnectionPort != 0:
	case l.ConnectionType == "winrm":
		l.ConnectionPort = 5986
	default:
		l.ConnectionPort = 22
	}
}
