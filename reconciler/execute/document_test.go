package execute

import "testing"

func TestPlainSummary(t *testing.T) {
	for text, want := range map[string]string{
		"quota": "quota",
		"---\nid: terraform-1\nsummary: 'the ''key'' is\n  wrong'\nseverity: error\n---\n": "the 'key' is wrong",
		"---\nsummary: a":                    "a",
		"---\nid: 1\n---\n":                  "---\nid: 1\n---\n",
		"---\nsummary: [a]\n---\n":           "---\nsummary: [a]\n---\n",
		"---\nsummary: a\n---\nsummary: b\n": "a",
	} {
		if got := plainSummary(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// FuzzPlainSummary: whatever a provider writes, something is left to read.
func FuzzPlainSummary(f *testing.F) {
	f.Add("---\nid: terraform-1\nsummary: 'a'\n---\n")
	f.Add("---\na: &a [*a]\nsummary: *a\n")
	f.Fuzz(func(t *testing.T, text string) {
		if got := plainSummary(text); got == "" && text != "" {
			t.Errorf("%q becomes nothing", text)
		}
	})
}
