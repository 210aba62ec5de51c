package config

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Load reads the main file and, unless secure is "", the secure file, as a
// daemon does: unknown options and repairable types only warn. env is the
// process environment ("NAME=value"); only NODEPOOL_ variables are substituted,
// and drivers look for those that stand in for an option. The error is non-nil,
// and the Config nil, exactly when an issue is an Error.
func Load(path, secure string, env []string) (*Config, []Issue, error) {
	cfg, issues := read(path, secure, env, schema.Load)
	if HasErrors(issues) {
		return nil, issues, unusable(path, issues)
	}
	for _, i := range issues {
		cfg.Warnings = append(cfg.Warnings, i.String())
	}
	return cfg, issues, nil
}

// Validate checks both files as config-validate does: any Error means exit code
// 1, and the exit code is upstream's wherever upstream knows the option. What
// upstream's validator lets through but its loader refuses is a Warning.
func Validate(path, secure string, env []string) []Issue {
	_, issues := read(path, secure, env, schema.Validate)
	return issues
}

// ValidateStrict is Validate with everything that would fail later as an Error.
func ValidateStrict(path, secure string, env []string) []Issue {
	_, issues := read(path, secure, env, schema.Strict)
	return issues
}

// loader is one pass over both files.
type loader struct {
	cfg *Config
	// mode says how strict the pass is.
	mode schema.Mode
	// base is the folder of the main file; local module sources start there.
	base string
	// images are all global images, also abstract ones.
	images map[string]*imageDef
	// global are the same as drivers see them; made when the first one asks.
	global map[string]driver.Global
	// specs complete the labels of drivers that have a module.
	specs []func()
	// imageText is their section as it is written.
	imageText any
	// servers is where the ZooKeeper servers in force are written.
	servers schema.Field
	// getenv reads the process environment the caller handed in.
	getenv func(string) string
	// machines are the static nodes so far, and where each is written.
	machines map[MachineID]schema.Field
}

// read does everything in the order of config-reference A12: the secure file
// comes last and never influences how providers are read.
func read(path, secure string, env []string, mode schema.Mode) (*Config, []Issue) {
	vars := schema.Variables(env)
	full := absolute(path)
	l := &loader{
		cfg:      &Config{File: full},
		mode:     mode,
		base:     filepath.Dir(full),
		images:   map[string]*imageDef{},
		getenv:   lookup(env),
		machines: map[MachineID]schema.Field{},
	}
	rep := schema.NewReport(path, mode, vars)
	main := open(rep, path, env)
	hash := newHash(main.text)
	root, usable := main.mapping(rep)
	if usable {
		l.main(root)
	}
	secureRep := schema.NewReport(secure, mode, vars)
	if secure != "" {
		file := open(secureRep, secure, env)
		hash.add(file.text)
		// Over a main file that cannot be read every image would be unknown.
		if over, ok := file.optionalMapping(secureRep); ok && usable {
			l.secure(over)
		}
	}
	if usable {
		l.checkZooKeeper(root)
		l.specify(rep)
	}
	l.cfg.Hash = hash.hex()
	extra := secureRep.Issues()
	if mode == schema.Validate {
		// Upstream's validator never opens the secure file: same exit code.
		for i := range extra {
			extra[i].Severity = Warning
		}
	}
	return l.cfg, append(rep.Issues(), extra...)
}

// lookup finds variables in env; the last of several with one name counts.
func lookup(env []string) func(string) string {
	return func(name string) string {
		value := ""
		for _, kv := range env {
			if rest, ok := strings.CutPrefix(kv, name+"="); ok {
				value = rest
			}
		}
		return value
	}
}

// main reads every section of the main file.
func (l *loader) main(m *schema.Mapping) {
	l.paths(m)
	l.webApp(m)
	l.zooKeeper(m)
	l.diskImages(m)
	l.checkImagesDir(m)
	l.labels(m)
	l.terraform(m)
	l.providers(m)
	l.tenants(m)
	m.Done()
}

// absolute expands ~ and makes a path absolute.
func absolute(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			path = filepath.Join(home, rest)
		}
	}
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}
