package kubernetes

import (
	"regexp"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// What the Kubernetes API takes for a name. Nodepool lets anything through, and its launches fail at the API.
var (
	dnsLabel   = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
	labelValue = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$`)
	labelName  = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`)
	dnsDomain  = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`)
)

// Lengths that leave room for "-", a node's id, and an attempt's number ("-0000000042-2").
const (
	longest     = 63
	longestStem = longest - len("-0000000000-00")
)

// checkDNS reports a name that cannot be that of a namespace or container; what says of which.
func checkDNS(f schema.Field, name, what string, most int) {
	if name != "" && (len(name) > most || !dnsLabel.MatchString(name)) {
		f.StrictError("E-K8S-NAME", "%s is no name for %s in Kubernetes: up to %d lower case letters, digits and dashes, a letter or digit at both ends; rename it here and where it is used", name, what, most)
	}
}

// checkMark reports a name that cannot be the value of a label, of which every namespace and pod has some.
func checkMark(f schema.Field, name string) {
	if len(name) > longest || !labelValue.MatchString(name) {
		f.StrictError("E-K8S-NAME", "%s cannot be the value of a Kubernetes label, by which nodepool-tf marks what it makes: up to %d letters, digits, dots, _ and -, a letter or digit at both ends; rename it", name, longest)
	}
}

// checkLabels reports labels that the API refuses. The values of dynamic ones are not known yet.
func checkLabels(m *schema.Mapping, key string, dynamic bool) {
	each(m, key, func(name string, f schema.Field) {
		checkKey(f, name)
		if value := f.Value(); !dynamic && value.Kind == schema.String && (len(value.Text) > longest || !labelValue.MatchString(value.Text)) {
			f.StrictError("E-K8S-LABEL", "the value of a Kubernetes label has up to %d letters, digits, dots, _ and -, a letter or digit at both ends; use annotations for other text", longest)
		}
	})
}

func checkAnnotations(m *schema.Mapping) {
	each(m, "annotations", func(name string, f schema.Field) { checkKey(f, name) })
}

// checkKey: [domain/]name.
func checkKey(f schema.Field, key string) {
	domain, name, ok := strings.Cut(key, "/")
	if !ok {
		domain, name = "", key
	}
	if ok && (len(domain) > 253 || !dnsDomain.MatchString(domain)) || len(name) > longest || !labelName.MatchString(name) {
		f.StrictError("E-K8S-LABEL", "%s is no key for labels and annotations: [domain/] and up to %d letters, digits, dots, _ and -", key, longest)
	}
}

// each calls fn for the entries of an option that is a mapping, if it is one.
func each(m *schema.Mapping, key string, fn func(string, schema.Field)) {
	f, ok := m.Get(key)
	if !ok || f.Value().Kind != schema.Map {
		return
	}
	if inner, ok := f.Mapping(); ok {
		inner.Each(fn)
	}
}
