package schema

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Mode is how strict reading is (config-reference.md sections 0 and (b)).
type Mode int

const (
	// Load is the daemon: unknown keys warn, types are coerced where possible.
	Load Mode = iota
	// Validate is config-validate: exact keys and types, but what upstream's
	// validator accepts and only its loader refuses stays a warning, so that
	// exit codes agree.
	Validate
	// Strict is Validate with those refused as well.
	Strict
)

// maxIssues bounds what one file can make us say.
const maxIssues = 500

// Report collects the issues of one file. It is not safe for concurrent use.
type Report struct {
	File string
	Mode Mode

	// elsewhere says where else an unknown option belongs, if anybody knows.
	elsewhere func(key string) string

	issues  []Issue
	dropped int
	secrets *strings.Replacer
	values  []string
}

// NewReport starts a report. The values of vars (substituted variables) are
// replaced by their token in every text, as any of them may be a secret.
func NewReport(file string, mode Mode, vars map[string]string) *Report {
	var pairs, values []string
	for name, value := range vars {
		for line := range strings.SplitSeq(value, "\n") {
			// Short values are no secrets, and would garble the texts.
			if line = strings.TrimSpace(line); len(line) >= 6 {
				pairs = append(pairs, line, "%("+name+")")
				values = append(values, line)
			}
		}
	}
	return &Report{File: file, Mode: mode, secrets: strings.NewReplacer(pairs...), values: values}
}

// Secret reports whether text holds the value of a substituted variable, so that
// not even a part of it may be told.
func (r *Report) Secret(text string) bool {
	for _, v := range r.values {
		if strings.Contains(text, v) {
			return true
		}
	}
	return false
}

// told is a key as it may be told: secrets out first, because quoting or
// cutting could change one so that Add does not see it.
func (r *Report) told(key string) string {
	key = r.secrets.Replace(key)
	if runes := []rune(key); len(runes) > 60 {
		return string(runes[:60]) + "…"
	}
	return key
}

// Add records issues, such as those of Parse.
func (r *Report) Add(issues ...Issue) {
	for _, i := range issues {
		if len(r.issues) >= maxIssues && i.Severity != Error || len(r.issues) >= 2*maxIssues {
			r.dropped++
			continue
		}
		i.Path, i.Text = r.secrets.Replace(i.Path), r.secrets.Replace(i.Text)
		r.issues = append(r.issues, i)
	}
}

// Issues returns what was recorded, in the order of the file.
func (r *Report) Issues() []Issue {
	out := slices.Clone(r.issues)
	slices.SortStableFunc(out, func(a, b Issue) int {
		return cmp.Or(a.Line-b.Line, a.Col-b.Col)
	})
	if r.dropped > 0 {
		out = append(out, Issue{File: r.File, Code: "W-MORE", Text: fmt.Sprintf("%d more issues are not listed", r.dropped)})
	}
	return out
}

func (r *Report) add(sev Severity, line, col int, path, code, text string) {
	r.Add(Issue{r.File, line, col, path, code, sev, text})
}

// Root is the field of a whole document.
func (r *Report) Root(v *Value) Field { return Field{rep: r, val: v} }
