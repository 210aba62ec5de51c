package execute

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxDocument bounds the summaries that are read as a document.
const maxDocument = 64 << 10

// plainSummary is a diagnostic's summary. That of IBM's provider is a YAML document with an id, the provider's version and
// a summary of its own, wrapped within words that classes are known by: of it, only the inner summary stays.
func plainSummary(text string) string {
	body, ok := strings.CutPrefix(text, "---\n")
	if !ok || len(text) > maxDocument {
		return text
	}
	var doc struct{ Summary string }
	if yaml.Unmarshal([]byte(strings.TrimSuffix(strings.TrimSpace(body), "---")), &doc) != nil || doc.Summary == "" {
		return text
	}
	return doc.Summary
}
