package kubernetes

import (
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// besideSpec are the options that a label with a spec may have.
var besideSpec = map[string]bool{
	"name": true, "type": true, "spec": true, "labels": true, "dynamic-labels": true, "annotations": true,
	"module": true, "inputs": true, "outputs": true, "alternatives": true, // ours
}

// checkForm reports generated options beside a spec.
func (l *Label) checkForm(m *schema.Mapping) {
	if l.Pool.Provider.Flavour == PodOnly {
		option.Demand(m, "image", "spec")
	}
	if l.Spec == nil {
		return
	}
	for _, e := range m.Value().Entries {
		if f, _ := m.Get(e.Key); !besideSpec[e.Key] {
			f.SchemaError("E-FORM", "a label with a spec takes its pod from there: only name, type, labels, dynamic-labels and annotations can stand beside it")
		}
	}
}

// checkNames reports what the API would refuse.
func (l *Label) checkNames(m *schema.Mapping) {
	f, _ := m.Get("name")
	switch {
	case !l.HasPod():
		checkMark(f, l.Name)
	case l.Pool.Provider.Flavour == PodOnly:
		checkDNS(f, l.Name, "pods", longestStem)
	default:
		checkDNS(f, l.Name, "pods and containers", longest)
	}
	checkLabels(m, "labels", false)
	checkLabels(m, "dynamic-labels", true)
	checkAnnotations(m)
}

// ofPods are options that an empty namespace has no use for. Amounts are none of them: they count for quotas.
var ofPods = []string{
	"spec", "image", "image-pull", "image-pull-secrets", "annotations", "cpu-limit", "memory-limit", "storage-limit", "env", "node-selector",
	"scheduler-name", "privileged", "volumes", "volume-mounts",
}

// checkUse reports options without a use, and a pod without an image.
func (l *Label) checkUse(m *schema.Mapping) {
	if !l.HasPod() {
		for _, key := range ofPods {
			if m.Value().Get(key) != nil {
				f, _ := m.Get(key)
				f.Warn("W-INERT", "%s has no effect: a node of type %s has no pod", key, l.Type)
			}
		}
		return
	}
	if l.Spec == nil && l.Image == "" && l.Pool.Provider.Flavour != PodOnly { // there it is E-ONEOF
		m.Absent("image").StrictError("E-REQ", "a pod needs an image, or a spec with one")
	}
	if f, ok := m.Get("image-pull"); ok && f.Value().Kind == schema.String && !pullPolicies[l.ImagePull] {
		f.StrictError("E-ENUM", "expected IfNotPresent, Always or Never")
	}
	if f, ok := m.Get("image-pull-secrets"); ok && len(l.pullSecrets()) != len(l.ImagePullSecrets) {
		f.StrictError("E-K8S-PULL", "expected a list of {name: ...}, each the name of a secret")
	}
}

var pullPolicies = map[string]bool{"IfNotPresent": true, "Always": true, "Never": true}
