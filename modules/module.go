package modules

import (
	"io/fs"
	"path/filepath"
	"strings"
)

// Module is the address of a Terraform module as an operator writes it.
type Module struct {
	// Source is any Terraform module address: ./local, ../local, /absolute,
	// registry (a/b/c) or git::, https://, ...
	Source string
	// Version is a constraint; Terraform accepts one for registry modules only.
	Version string
	// Base is the directory of the config file that names the module; a
	// relative local Source is relative to it, as in Terraform.
	Base string
	// Shipped is the module's folder where it is part of this program; Source is
	// then only what messages call it.
	Shipped fs.FS
}

// Local tells whether the module lives on this machine (Source starts with ./ or
// ../ or is absolute, the rule of Terraform's addrs.ParseModuleSource) and then
// gives its cleaned directory, absolute whenever Base is.
func (m Module) Local() (dir string, ok bool) {
	switch {
	case m.Shipped != nil:
		return "", false
	case filepath.IsAbs(m.Source):
		return filepath.Clean(m.Source), true
	case strings.HasPrefix(m.Source, "./"), strings.HasPrefix(m.Source, "../"):
		return filepath.Join(m.Base, m.Source), true
	}
	return "", false
}

// address is what identifies the module wherever it is written: two configs in
// different directories may both say ./server and mean different modules.
func (m Module) address() string {
	if dir, ok := m.Local(); ok {
		return dir
	}
	return m.Source
}
