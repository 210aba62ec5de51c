package kubeconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// files are the kubeconfig files laid over each other: who says something first is right.
type files struct {
	paths    []string
	current  string
	contexts map[string]context
	clusters map[string]cluster
	users    map[string]user
}

type context struct {
	Cluster string `yaml:"cluster"`
	User    string `yaml:"user"`
}

type cluster struct {
	Server string `yaml:"server"`
	Skip   bool   `yaml:"insecure-skip-tls-verify"`
	CA     string `yaml:"certificate-authority"`
	CAData string `yaml:"certificate-authority-data"`
}

type user struct {
	Token           string `yaml:"token"`
	TokenFile       string `yaml:"tokenFile"`
	Username        string `yaml:"username"`
	Certificate     string `yaml:"client-certificate"`
	CertificateData string `yaml:"client-certificate-data"`
	Exec            any    `yaml:"exec"`
	AuthProvider    any    `yaml:"auth-provider"`
}

// file is one file as it is written.
type file struct {
	Current  string `yaml:"current-context"`
	Contexts []struct {
		Name    string  `yaml:"name"`
		Context context `yaml:"context"`
	} `yaml:"contexts"`
	Clusters []struct {
		Name    string  `yaml:"name"`
		Cluster cluster `yaml:"cluster"`
	} `yaml:"clusters"`
	Users []struct {
		Name string `yaml:"name"`
		User user   `yaml:"user"`
	} `yaml:"users"`
}

// load reads files; of several some may be missing, as for kubectl.
func load(paths []string) (*files, error) {
	all := &files{contexts: map[string]context{}, clusters: map[string]cluster{}, users: map[string]user{}}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) && len(paths) > 1 {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read kubeconfig: %w", err)
		}
		var f file
		if yaml.Unmarshal(data, &f) != nil { // the parser's error may quote a credential
			return nil, fmt.Errorf("read kubeconfig %s: not a kubeconfig in YAML; `kubectl --kubeconfig %s config view` says more", path, path)
		}
		all.paths = append(all.paths, path)
		all.add(f, filepath.Dir(path))
	}
	if len(all.paths) == 0 {
		return nil, fmt.Errorf("read kubeconfig: none of %s is there", strings.Join(paths, ", "))
	}
	return all, nil
}

// add lays a file under what is there. Paths in it are relative to its folder.
func (all *files) add(f file, dir string) {
	if all.current == "" {
		all.current = f.Current
	}
	for _, c := range f.Contexts {
		keep(all.contexts, c.Name, c.Context)
	}
	for _, c := range f.Clusters {
		c.Cluster.CA = within(dir, c.Cluster.CA)
		keep(all.clusters, c.Name, c.Cluster)
	}
	for _, u := range f.Users {
		u.User.TokenFile = within(dir, u.User.TokenFile)
		keep(all.users, u.Name, u.User)
	}
}

func keep[V any](m map[string]V, name string, v V) {
	if _, ok := m[name]; !ok {
		m[name] = v
	}
}

func within(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// String names the files.
func (all *files) String() string { return "kubeconfig " + strings.Join(all.paths, ", ") }

// has words which contexts there are.
func (all *files) has() string {
	if len(all.contexts) == 0 {
		return "it has none"
	}
	return "it has " + strings.Join(slices.Sorted(maps.Keys(all.contexts)), ", ")
}
