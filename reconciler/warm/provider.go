package warm

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclparse"
)

// lockFile is where init writes down which providers it chose.
const lockFile = ".terraform.lock.hcl"

// provider is one that an initialised folder uses. Built-in ones are none: they are part of Terraform.
type provider struct {
	address string
	version string
	hashes  []string // of the package, as the lock file has them
	binary  string
}

func (p provider) name() string { return p.address[strings.LastIndexByte(p.address, '/')+1:] }

// filesOf are providers whose resources are files of this machine, named relative to the folder in which the provider
// runs. Terraform runs them in the workspace; a shared process would mix up the files of all workspaces. The module's other
// providers stay there with them: archive_file writes what aws_lambda_function reads.
var filesOf = []string{"/hashicorp/local", "/hashicorp/archive", "/hashicorp/external"}

// lockers are providers that lock within their process what their runs have in common. azurerm has a lock for each subnet,
// held while an interface in it is made or removed: shared, it made the nodes of all workspaces one after another.
var lockers = []string{"/hashicorp/azurerm"}

// ordinary says why a provider's process is not shared, "" when it may be.
func (p provider) ordinary() Reason {
	is := func(s string) bool { return strings.HasSuffix(p.address, s) }
	switch {
	case slices.ContainsFunc(filesOf, is):
		return LocalFiles
	case slices.ContainsFunc(lockers, is):
		return Locks
	}
	return ""
}

// providersIn reads which providers an initialised folder uses, from its lock file. One without a lock file uses none.
func providersIn(dir string, lock []byte) ([]provider, error) {
	if len(lock) == 0 {
		return nil, nil
	}
	f, diags := hclparse.NewParser().ParseHCL(lock, lockFile)
	if diags.HasErrors() {
		return nil, fmt.Errorf("read %s: %w", lockFile, diags)
	}
	var locked struct {
		Providers []struct {
			Address string   `hcl:"address,label"`
			Version string   `hcl:"version"`
			Hashes  []string `hcl:"hashes,optional"`
			Rest    hcl.Body `hcl:",remain"`
		} `hcl:"provider,block"`
		Rest hcl.Body `hcl:",remain"`
	}
	if diags := gohcl.DecodeBody(f.Body, nil, &locked); diags.HasErrors() {
		return nil, fmt.Errorf("read %s: %w", lockFile, diags)
	}
	var found []provider
	for _, l := range locked.Providers {
		p := provider{address: l.Address, version: l.Version, hashes: l.Hashes}
		var err error
		if p.binary, err = binaryOf(dir, p); err != nil {
			return nil, err
		}
		found = append(found, p)
	}
	return found, nil
}

// binaryOf finds a provider's program where init put it, by the rule of Terraform and OpenTofu: the first file of its
// package whose name begins with terraform-provider-<name>.
func binaryOf(dir string, p provider) (string, error) {
	pattern := filepath.Join(dir, ".terraform", "providers", filepath.FromSlash(p.address), p.version, "*", "terraform-provider-"+p.name()+"*")
	found, err := filepath.Glob(pattern)
	if err != nil {
		return "", err
	}
	for _, path := range found {
		path, err := filepath.EvalSymlinks(path)
		if err != nil {
			return "", err
		}
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", fmt.Errorf("provider %s %s has no program in %s", p.address, p.version, dir)
}

// aliases reports whether a rendered provider configuration has more than the one configuration of a provider that a
// process can serve.
func aliases(rendered []byte) (bool, error) {
	if len(rendered) == 0 {
		return false, nil
	}
	var doc struct {
		Provider map[string]json.RawMessage `json:"provider"`
	}
	if err := json.Unmarshal(rendered, &doc); err != nil {
		return false, fmt.Errorf("read provider configuration: %w", err)
	}
	for _, raw := range doc.Provider {
		var blocks []map[string]json.RawMessage
		if json.Unmarshal(raw, &blocks) != nil {
			var block map[string]json.RawMessage
			if err := json.Unmarshal(raw, &block); err != nil {
				return false, fmt.Errorf("read provider configuration: %w", err)
			}
			blocks = append(blocks, block)
		}
		if len(blocks) > 1 || len(blocks) == 1 && blocks[0]["alias"] != nil {
			return true, nil
		}
	}
	return false, nil
}

var providerBlocks = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "provider", LabelNames: []string{"name"}}}}

// ConfiguresProvider reports whether a module that an initialised folder calls, directly or not, has a provider block.
func ConfiguresProvider(dir string) (bool, error) {
	data, err := os.ReadFile(filepath.Join(dir, ".terraform", "modules", "modules.json"))
	if os.IsNotExist(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var manifest struct {
		Modules []struct{ Key, Dir string }
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		return false, fmt.Errorf("read module manifest: %w", err)
	}
	seen := map[string]bool{}
	for _, m := range manifest.Modules {
		at := m.Dir
		if !filepath.IsAbs(at) {
			at = filepath.Join(dir, at)
		}
		if m.Key == "" || seen[at] { // the root's configuration is ours
			continue
		}
		seen[at] = true
		if found, err := hasProviderBlock(at); found || err != nil {
			return found, err
		}
	}
	return false, nil
}

func hasProviderBlock(module string) (bool, error) {
	entries, err := os.ReadDir(module)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		f, err := parse(filepath.Join(module, e.Name()), e)
		if err != nil {
			return false, err
		}
		if f == nil {
			continue
		}
		if content, _, _ := f.Body.PartialContent(providerBlocks); len(content.Blocks) > 0 {
			return true, nil
		}
	}
	return false, nil
}

// parse reads a file if it is one of a module's configuration.
func parse(path string, e fs.DirEntry) (*hcl.File, error) {
	if e.IsDir() {
		return nil, nil
	}
	parser := hclparse.NewParser()
	var f *hcl.File
	var diags hcl.Diagnostics
	switch {
	case strings.HasSuffix(path, ".tf"), strings.HasSuffix(path, ".tofu"):
		f, diags = parser.ParseHCLFile(path)
	case strings.HasSuffix(path, ".tf.json"), strings.HasSuffix(path, ".tofu.json"):
		f, diags = parser.ParseJSONFile(path)
	default:
		return nil, nil
	}
	if diags.HasErrors() {
		return nil, fmt.Errorf("read %s: %w", path, diags)
	}
	return f, nil
}
