package templates

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// ManifestFile is where Terraform looks for the manifest, relative to the workspace.
const ManifestFile = ".terraform/modules/modules.json"

// manifest is Terraform's record of installed modules
// (terraform/internal/modsdir/manifest.go).
type manifest struct {
	Modules []record `json:"Modules"`
}

type record struct {
	Key     string `json:"Key"` // m0 or m0.child; "" is the root
	Source  string `json:"Source"`
	Version string `json:"Version,omitempty"`
	Dir     string `json:"Dir"` // relative to the workspace
}

// Manifest gives the modules.json with which a workspace needs no init: base is
// the modules.json of an initialised sibling that has one module block named
// block; its entries (and those of the modules nested in it) are repeated under
// the name of each slot. slots maps a slot's name to the Source rendered for it,
// "" when it is the sibling's: Terraform compares the two, registry addresses in
// their long form (registry.terraform.io/a/b/c). rewrite turns a directory
// relative to the sibling into one relative to the workspace; nil leaves them.
//
// Entries are sorted by key; the root's is kept.
func Manifest(base []byte, block string, slots map[string]string, rewrite func(dir string) string) ([]byte, error) {
	var from manifest
	if err := json.Unmarshal(base, &from); err != nil {
		return nil, fmt.Errorf("read module manifest of the initialised workspace: %w", err)
	}
	if rewrite == nil {
		rewrite = func(dir string) string { return dir }
	}
	to := map[string]record{"": {Dir: "."}}
	found := false
	for _, r := range from.Modules {
		rest, ok := belongs(r.Key, block)
		if !ok {
			continue
		}
		found = found || rest == ""
		r.Dir = rewrite(r.Dir)
		for name, source := range slots {
			if !modules.ValidName(name) {
				return nil, fmt.Errorf("module manifest: slot %q is not a name", name)
			}
			slot := r
			slot.Key = name + rest
			if rest == "" && source != "" {
				slot.Source = source
			}
			to[slot.Key] = slot
		}
	}
	if !found {
		return nil, fmt.Errorf("module manifest of the initialised workspace has no module %q; was init run there?", block)
	}
	return encodeManifest(to)
}

// belongs tells whether key is block's or that of a module nested in it, and
// what follows the block name.
func belongs(key, block string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(key, block)
	return rest, ok && (rest == "" || rest[0] == '.')
}

func encodeManifest(records map[string]record) ([]byte, error) {
	out := manifest{Modules: make([]record, 0, len(records))}
	for _, key := range slices.Sorted(maps.Keys(records)) {
		out.Modules = append(out.Modules, records[key])
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return nil, fmt.Errorf("module manifest: %w", err)
	}
	return b.Bytes(), nil
}
