package config

import (
	"regexp"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// localName is what Terraform takes as a provider's local name;
// sourceAddress is [host/][namespace/]type.
var (
	localName     = regexp.MustCompile(`^[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?$`)
	sourceAddress = regexp.MustCompile(`^([A-Za-z0-9.-]+(:[0-9]+)?/)?([A-Za-z0-9_-]+/)?[A-Za-z0-9-]+$`)
)

func requiredProviders(m *schema.Mapping) map[string]modules.RequiredProvider {
	out := map[string]modules.RequiredProvider{}
	section := m.Map("required-providers")
	if section == nil {
		return out
	}
	section.Each(func(name string, f schema.Field) {
		checkLocalName(f, name)
		var r modules.RequiredProvider
		source := f
		if f.Value().Kind == schema.String {
			r.Source = f.Value().Text
		} else if entry, ok := f.Mapping(); ok {
			r.Source = entry.Str("source", "")
			r.Version = constraint(entry, "version")
			source, _ = entry.Get("source")
			entry.Only()
		}
		if r.Source != "" && !sourceAddress.MatchString(r.Source) {
			source.Error("E-SOURCE", "expected a provider address such as hetznercloud/hcloud")
		}
		out[name] = r
	})
	return out
}

func checkLocalName(f schema.Field, name string) {
	if !localName.MatchString(name) {
		f.Error("E-NAME", "expected Terraform's local name of a provider: letters, digits and dashes, beginning with a letter")
	}
}

// providerConfig reads provider blocks as they are: a mapping each, or a list of
// mappings for several with aliases. What is in them is never told.
func providerConfig(m *schema.Mapping) map[string]any {
	out := map[string]any{}
	section := m.Map("provider-config")
	if section == nil {
		return out
	}
	section.Each(func(name string, f schema.Field) {
		checkLocalName(f, name)
		switch f.Value().Kind {
		case schema.Null:
			out[name] = map[string]any{}
			return
		case schema.Map:
		case schema.List:
			items, _ := f.Items()
			for _, item := range items {
				item.Mapping()
			}
		default:
			f.Error("E-TYPE", "expected mapping, or list of mappings, found %s", f.Value().Kind)
			return
		}
		if tree, ok := f.Tree(); ok {
			out[name] = tree
		}
	})
	return out
}
