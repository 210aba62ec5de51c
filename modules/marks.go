package modules

import "regexp"

// mark is a tag within a text: its key, which is one of ours, after a space or at the begin of the text.
var mark = regexp.MustCompile(`(?:^| )(nodepool_[a-z_]+)=`)

// Marks are the tags that a text has for a resource whose type has neither tags nor labels: "key=value key=value", as a
// module's join puts them into a description, after anything. A value goes on to the next mark, so it may hold spaces.
func Marks(text string) map[string]string {
	found := mark.FindAllStringSubmatchIndex(text, -1)
	out := make(map[string]string, len(found))
	for i, at := range found {
		end := len(text)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		out[text[at[2]:at[3]]] = text[at[1]:end]
	}
	return out
}
