package templates

import "strings"

// Hint tells an operator in our terms what a Terraform error about a rendered
// block means, or gives "". summary and detail are those of a diagnostic of
// `apply -json`. Such an error comes at plan time: nothing has been created.
func Hint(summary, detail string) string {
	text := strings.ToLower(summary + " " + detail)
	switch {
	case strings.Contains(text, "ephemeral") && strings.Contains(text, `"input"`):
		return "the module has an output marked ephemeral; nodepool-tf reads a node's outputs from the state, which cannot hold it: " +
			"take `ephemeral = true` off that output, or name another module that wraps this one and passes on only what a node needs"
	case strings.Contains(text, "prevent_destroy set"):
		return "take prevent_destroy out of the module, it forbids what nodepool-tf does with every node; nodes that live already have a copy of the module " +
			"in the folder modules of the state directory"
	case strings.Contains(text, "no file exists at") && strings.Contains(text, "/../"):
		return "a local module is copied at launch, with the common folder of the local modules it calls and no more: keep the file in the module's own folder"
	case strings.Contains(text, `no file exists at "`) && !strings.Contains(text, `exists at "/`):
		return "such a name is looked for in the node's workspace, which holds none of your files: keep the file in the module's folder and write \"${path.module}/NAME\" (docs/modules.md)"
	case strings.Contains(text, "configuration_aliases"), strings.Contains(text, "missing required provider configuration"):
		return "the module wants a provider configuration handed to it; nodepool-tf gives a module the default configuration of each provider only: name a module of your own that has the provider blocks and hands them to this one (docs/modules.md)"
	}
	return ""
}
