package execute

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// listFolder is the sub-folder in which a module offers to list what the cloud has.
const listFolder = "list"

// Lister is the initialised sibling for the list module that a node module offers: the sub-folder `list` of its own
// folder, wherever that came from. It is nil, without an error, when the module offers none.
func (b *Bases) Lister(ctx context.Context, spec *modules.Spec) (*Base, error) {
	base, err := b.Get(ctx, spec)
	if err != nil {
		return nil, err
	}
	dir, err := base.moduleDir()
	if err != nil {
		return nil, err
	}
	dir = filepath.Join(dir, listFolder)
	if !hasConfiguration(dir) {
		return nil, nil
	}
	return b.Get(ctx, &modules.Spec{RequiredProviders: spec.RequiredProviders, ProviderConfig: spec.ProviderConfig, Module: modules.Module{Source: dir}})
}

// moduleDir is where init put the sibling's module, absolute.
func (b *Base) moduleDir() (string, error) {
	var installed struct {
		Modules []struct{ Key, Dir string }
	}
	if err := readJSON(filepath.Join(b.dir, ".terraform", "modules", "modules.json"), &installed); err != nil {
		return "", err
	}
	for _, m := range installed.Modules {
		if m.Key == baseBlock {
			if filepath.IsAbs(m.Dir) {
				return m.Dir, nil
			}
			return filepath.Abs(filepath.Join(b.dir, m.Dir))
		}
	}
	return "", &Error{Class: Unknown, Op: "look for the list module of " + b.Source, Err: os.ErrNotExist, Hint: "look into " + b.dir}
}

func hasConfiguration(dir string) bool {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		for _, suffix := range []string{".tf", ".tf.json", ".tofu", ".tofu.json"} {
			if strings.HasSuffix(e.Name(), suffix) {
				return true
			}
		}
	}
	return false
}

// Declares reports whether the sibling's module has an input of that name.
func (b *Base) Declares(input string) bool {
	dir, err := b.moduleDir()
	return err == nil && declares(dir, input)
}

// ListItem is one element of a list module's output `resources`.
type ListItem struct {
	Type    string            `json:"type"` // Terraform resource type that can be imported by id
	ID      any               `json:"id"`   // text or a number
	Tags    map[string]string `json:"tags"`
	Created string            `json:"created"` // RFC 3339, or empty
}

// ParseList reads the JSON text of such an output.
func ParseList(text string) ([]ListItem, error) {
	var items []ListItem
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&items); err != nil {
		return nil, &Error{
			Class: Config, Op: "read the output resources of the list module", Err: err,
			Hint: "it must be a list of objects {type, id, tags, created}: type and id are text, tags a map of text; created, RFC 3339, may be left out",
		}
	}
	return items, nil
}

var variables = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "variable", LabelNames: []string{"name"}}}}

// declares looks for a variable block. What it cannot parse it passes over: Terraform reports that better.
func declares(dir, input string) bool {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		f := parse(filepath.Join(dir, e.Name()))
		if f == nil {
			continue
		}
		content, _, _ := f.Body.PartialContent(variables)
		for _, b := range content.Blocks {
			if b.Labels[0] == input {
				return true
			}
		}
	}
	return false
}
