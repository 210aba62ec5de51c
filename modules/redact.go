package modules

import (
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// redact takes the strings of v out of a message: errors of functions such as
// tonumber quote their argument, which may be a sensitive output.
func redact(msg string, v cty.Value) string {
	_ = cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		if v.Type() != cty.String || v.IsNull() || !v.IsKnown() {
			return true, nil
		}
		s := v.AsString()
		quoted := strconv.Quote(s)
		for _, form := range []string{s, quoted[1 : len(quoted)-1], strings.Join(strings.Fields(s), " ")} {
			// Shorter ones would tear words of the message apart and tell nothing.
			if len(form) >= 4 {
				msg = strings.ReplaceAll(msg, form, "(value)")
			} else if form != "" {
				msg = strings.ReplaceAll(msg, strconv.Quote(form), "(value)")
			}
		}
		return true, nil
	})
	return msg
}
