package execute

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
)

var (
	moduleCalls    = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "module", LabelNames: []string{"name"}}}}
	sourceArgument = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "source"}}}
)

// maxCalls bounds the local modules that one module calls.
const maxCalls = 1000

// localCalls collects dir and the folders of all modules that it calls by relative path. What it cannot parse it
// passes over: Terraform reports that better.
func localCalls(dir string, seen map[string]bool) error {
	if seen[dir] {
		return nil
	}
	seen[dir] = true
	if len(seen) > maxCalls {
		return fmt.Errorf("module %s calls more than %d local modules", dir, maxCalls)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		for _, src := range sourcesIn(filepath.Join(dir, e.Name())) {
			if !strings.HasPrefix(src, "./") && !strings.HasPrefix(src, "../") {
				continue
			}
			if err := localCalls(filepath.Join(dir, src), seen); err != nil && !os.IsNotExist(err) {
				return err
			}
		}
	}
	return nil
}

// parse reads one configuration file, nil for what is none or cannot be read.
func parse(path string) *hcl.File {
	parser := hclparse.NewParser()
	var f *hcl.File
	switch {
	case strings.HasSuffix(path, ".tf"), strings.HasSuffix(path, ".tofu"):
		f, _ = parser.ParseHCLFile(path)
	case strings.HasSuffix(path, ".tf.json"), strings.HasSuffix(path, ".tofu.json"):
		f, _ = parser.ParseJSONFile(path)
	}
	if f == nil || f.Body == nil {
		return nil
	}
	return f
}

// sourcesIn lists the literal module sources in one configuration file.
func sourcesIn(path string) []string {
	f := parse(path)
	if f == nil {
		return nil
	}
	var sources []string
	content, _, _ := f.Body.PartialContent(moduleCalls)
	for _, b := range content.Blocks {
		args, _, _ := b.Body.PartialContent(sourceArgument)
		attr := args.Attributes["source"]
		if attr == nil {
			continue
		}
		v, diags := attr.Expr.Value(nil)
		if !diags.HasErrors() && v.Type() == cty.String && v.IsKnown() && !v.IsNull() {
			sources = append(sources, v.AsString())
		}
	}
	return sources
}
