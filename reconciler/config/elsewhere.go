package config

import (
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules/option"
)

// elsewhere words where an option belongs that stands at the wrong level of a
// provider. The driver's options are listed when the first one is looked for.
func elsewhere(provider func() option.Entry) func(key string) string {
	var places map[string][]string
	return func(key string) string {
		if places == nil {
			places = placesOf(option.List(provider()))
		}
		if found := places[key]; len(found) > 0 && len(found) <= 3 {
			return "; it is an option of " + strings.Join(found, ", ")
		}
		return ""
	}
}

// placesOf returns the mappings an option can stand in, by its last word.
func placesOf(list []option.Option) map[string][]string {
	places := map[string][]string{
		"min-ready":     {"the global labels"},
		"max-ready-age": {"the global labels"},
	}
	for _, o := range list {
		place, key := "the provider", o.Path
		if i := strings.LastIndex(o.Path, "."); i >= 0 {
			place, key = o.Path[:i], o.Path[i+1:]
		}
		places[key] = append(places[key], place)
	}
	return places
}
