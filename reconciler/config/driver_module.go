package config

import (
	"os"
	"path/filepath"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// module reads a module address; inherited is what holds when there is none.
func (l *loader) module(m *schema.Mapping, inherited modules.Module) modules.Module {
	section := m.Map("module")
	if section == nil {
		return inherited
	}
	source, ok := section.Name("source", "E-REQ", "a module needs a source: a folder (./modules/server), a registry or a git address")
	out := modules.Module{Source: source, Version: constraint(section, "version"), Base: l.base}
	section.Only()
	if !ok {
		return out
	}
	f, _ := section.Get("source")
	dir, local := out.Local()
	switch {
	case local && out.Version != "":
		section.Error("E-XOR", "version is for modules of a registry; a local folder has none")
	case local && !isDir(dir):
		f.Warn("W-MODULE", "there is no folder %s", dir)
	case !local && isDir(filepath.Join(l.base, source)):
		f.Warn("W-MODULE", "taken for a registry address; write ./%s for the folder beside this file", source)
	}
	return out
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
