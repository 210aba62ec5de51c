package kubeconfig

import (
	"path/filepath"
)

// Source is where a cluster is described: in Paths, the first of which wins, or, without any, by what a pod is given.
type Source struct {
	Paths []string
	// Context is "" for the files' current one.
	Context string

	getenv func(string) string
}

// Find tells where to look, as the official clients do: in the files of $KUBECONFIG, else, for a daemon in a cluster
// that names no context, in the pod, else in ~/.kube/config. It opens nothing.
func Find(getenv func(string) string, context string) Source {
	s := Source{Context: context, getenv: getenv}
	for _, path := range filepath.SplitList(getenv("KUBECONFIG")) {
		if path == "" {
			continue
		}
		if abs, err := filepath.Abs(path); err == nil {
			path = abs // runs have folders of their own
		}
		s.Paths = append(s.Paths, path)
	}
	if len(s.Paths) == 0 && (context != "" || getenv("KUBERNETES_SERVICE_HOST") == "") {
		s.Paths = []string{filepath.Join(getenv("HOME"), ".kube", "config")}
	}
	return s
}
