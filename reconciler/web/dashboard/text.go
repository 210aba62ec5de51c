package dashboard

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of what one text may take on the page, in bytes.
const (
	maxWord  = 200
	maxBlock = 8 << 10
)

// word is a text of one line as the page shows it. The templates escape HTML; here control and format characters become
// visible, so that no record can reverse the direction of a line or hide what it says.
func word(s string) string { return visible(s, maxWord, false) }

// block is a text of several lines.
func block(s string) string { return visible(s, maxBlock, true) }

func visible(s string, most int, lines bool) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if b.Len() >= most {
			return b.String() + "…"
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r), lines && (r == '\n' || r == '\t'):
			b.WriteRune(r)
		default:
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		}
		i += size
	}
	return b.String()
}

// count is a number with its thousands apart.
func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

// amount is a number of a resource, which may be a fraction.
func amount(f float64) string {
	if f == float64(int(f)) {
		return count(int(f))
	}
	return strconv.FormatFloat(f, 'f', 1, 64)
}

// ago is a time span as people read it, two units at most. It is also in the script, which counts ages on.
func ago(d time.Duration) string {
	s := max(0, int64(d/time.Second))
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm %02ds", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%dh %02dm", s/3600, s/60%60)
	}
	return fmt.Sprintf("%dd %02dh", s/86400, s/3600%24)
}

// plural is a count of things.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}
