package kubernetes

import (
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Label is how a pool makes a node.
type Label struct {
	driver.Label
	Pool *Pool
	// Type is as written: pod, namespace (kubernetes) or project (openshift); see
	// HasPod.
	Type string
	// Spec is a pod's spec, verbatim; with it Container counts for quotas only.
	Spec map[string]any
	// Labels and Annotations are metadata; the dynamic labels are Python formats
	// over the request and lie over Labels.
	Labels, DynamicLabels, Annotations map[string]string
	Container
}

func (p *Pool) newLabel() *Label { return &Label{Label: driver.Label{Scope: p.Scope}, Pool: p} }

// Options is the table of a label.
func (l *Label) Options() option.Table {
	pods := l.Pool.Provider.Flavour == PodOnly
	kind := option.Str("type", &l.Type, "").Need(option.Always).Maps("module choice")
	image := option.Optional
	if pods {
		kind, image = kind.Need(option.Optional).Default("pod").Maps(driver.None), option.OneOfV
	}
	return option.Join(
		option.Table{
			l.Named("pod metadata.name"), kind,
			option.Dict("spec", &l.Spec).Need(specNeed(pods)).Maps("kubernetes_manifest manifest.spec"),
			option.Texts("labels", &l.Labels).Maps("metadata.labels"),
			option.Texts("dynamic-labels", &l.DynamicLabels).Maps("metadata.labels, rendered by the launcher"),
			option.Texts("annotations", &l.Annotations).Maps("pod metadata.annotations"),
		},
		l.options(l.Pool, image),
		l.Shell(),
	)
}

func specNeed(pods bool) option.Need {
	if pods {
		return option.OneOfV
	}
	return option.Optional
}

// HasPod tells whether a node is a pod, and not an empty namespace or project:
// anything but namespace is one for kubernetes, only pod is for openshift.
func (l *Label) HasPod() bool {
	switch l.Pool.Provider.Flavour {
	case Kubernetes:
		return l.Type != "namespace"
	case Project:
		return l.Type == "pod"
	}
	return true
}

// Check settles sizes and counts what a node takes.
func (l *Label) Check(m *schema.Mapping) {
	l.Defined(m)
	l.checkType(m)
	l.checkForm(m)
	l.checkNames(m)
	l.checkUse(m)
	l.settle(l.Pool, m)
	l.count(l.Resources)
	// Pods are reached through the cluster's API, never by SSH.
	l.ConnectionType = "kubectl"
	if !l.HasPod() {
		l.ConnectionType = l.Type
	}
}

// checkType takes any type, as upstream does, and says what it is taken for.
func (l *Label) checkType(m *schema.Mapping) {
	empty := map[Flavour]string{Kubernetes: "namespace", Project: "project"}[l.Pool.Provider.Flavour]
	f, given := m.Get("type")
	switch {
	case !given || l.Type == "pod" || l.Type == empty:
	case empty == "":
		f.Warn("W-INERT", "type has no effect: every node is a pod")
	case l.HasPod():
		f.Warn("W-K8S-TYPE", "types are pod and %s; %s is taken for pod", empty, l.Type)
	default:
		f.Warn("W-K8S-TYPE", "types are pod and %s; %s is taken for %s", empty, l.Type, empty)
		l.Type = empty
	}
}
