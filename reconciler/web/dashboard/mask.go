package dashboard

import (
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// secretName is how inputs are called that hold secrets. Values of variables that the configuration substitutes are taken
// out before a snapshot is made; this is for who wrote a password into the configuration itself. The page is open to
// everybody who reaches the port.
var secretName = regexp.MustCompile(`(?i)passw|passphrase|secret|token|credential|private_?key|api_?key|access_?key|(user|custom)_?data`)

const hidden = `"(not shown)"`

// masked is a rendered block without the values of what is called like a secret, at any depth, and without the credentials
// of addresses, such as its module's. One that cannot be read as
// HCL, such as one that was cut, is not shown.
func masked(text string) string {
	file, diags := hclsyntax.ParseConfig([]byte(text), "block.tf", hcl.InitialPos)
	if diags.HasErrors() {
		if strings.TrimSpace(text) == "" {
			return ""
		}
		return "The block is too long to be shown; it is in the workspace's folder."
	}
	var hide []hcl.Range
	_ = hclsyntax.VisitAll(file.Body.(*hclsyntax.Body), func(n hclsyntax.Node) hcl.Diagnostics {
		switch n := n.(type) {
		case *hclsyntax.Attribute:
			if secretName.MatchString(n.Name) {
				hide = append(hide, n.Expr.Range())
			}
		case *hclsyntax.ObjectConsExpr:
			named := namesSecret(n, text)
			for _, item := range n.Items {
				key := string(item.KeyExpr.Range().SliceBytes([]byte(text)))
				if secretName.MatchString(key) || named && key == "value" {
					hide = append(hide, item.ValueExpr.Range())
				}
			}
		}
		return nil
	})
	slices.SortFunc(hide, func(a, b hcl.Range) int { return a.Start.Byte - b.Start.Byte })
	var b strings.Builder
	at := 0
	for _, r := range hide {
		if r.Start.Byte < at { // within what is hidden already
			continue
		}
		b.WriteString(text[at:r.Start.Byte] + hidden)
		at = r.End.Byte
		if strings.HasSuffix(text[:at], "\n") { // a heredoc's range holds the end of its line
			b.WriteString("\n")
		}
	}
	return modules.Public(b.String() + text[at:])
}

// namesSecret tells whether an object has a name that is called like a secret, as {name = "API_TOKEN", value = ...} of a
// container's environment.
func namesSecret(n *hclsyntax.ObjectConsExpr, text string) bool {
	return slices.ContainsFunc(n.Items, func(item hclsyntax.ObjectConsItem) bool {
		return string(item.KeyExpr.Range().SliceBytes([]byte(text))) == "name" && secretName.Match(item.ValueExpr.Range().SliceBytes([]byte(text)))
	})
}
