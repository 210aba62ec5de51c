package config

import (
	"path/filepath"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// LoadZooKeeper reads only how to reach ZooKeeper, from the same two files as Load: commands that read and write records
// work while anything else in them is broken (D-01). All other fields of the Config but File are empty. The error is
// non-nil, and the Config nil, exactly when an issue is an Error.
func LoadZooKeeper(path, secure string, env []string) (*Config, []Issue, error) {
	vars := schema.Variables(env)
	full := absolute(path)
	l := &loader{cfg: &Config{File: full}, mode: schema.Load, base: filepath.Dir(full)}
	rep := schema.NewReport(path, schema.Load, vars)
	if root, ok := open(rep, path, env).mapping(rep); ok {
		l.zooKeeper(root)
	}
	secureRep := schema.NewReport(secure, schema.Load, vars)
	if secure != "" {
		if over, ok := open(secureRep, secure, env).optionalMapping(secureRep); ok {
			l.secureZooKeeper(over)
		}
	}
	issues := append(rep.Issues(), secureRep.Issues()...)
	if HasErrors(issues) {
		return nil, issues, unusable(path, issues)
	}
	return l.cfg, issues, nil
}
