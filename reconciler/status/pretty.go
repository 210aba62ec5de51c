package status

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxCell bounds a cell of the pretty table, in characters. Each row is padded to the widest
// cell, so one record with a megabyte of user data would otherwise make gigabytes of blanks.
const maxCell = 16 << 10

// Pretty writes the ASCII grid of operator-surface.md 1.6.
func (t Table) Pretty(w io.Writer) error {
	cells := make([][]string, 0, len(t.Rows)+1)
	header := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		header[i] = c.Title
	}
	cells = append(cells, header)
	for _, row := range t.Rows {
		line := make([]string, len(t.Columns))
		for i := range t.Columns {
			if i < len(row) {
				line[i] = printable(cellText(row[i]))
			}
		}
		cells = append(cells, line)
	}
	widths := make([]int, len(t.Columns))
	for _, line := range cells {
		for i, c := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}

	b := bufio.NewWriter(w)
	rule(b, widths)
	for i, line := range cells {
		for j, c := range line {
			b.WriteString("| ")
			b.WriteString(c)
			b.WriteString(strings.Repeat(" ", widths[j]-utf8.RuneCountInString(c)+1))
		}
		b.WriteString("|\n")
		if i == 0 {
			rule(b, widths)
		}
	}
	rule(b, widths)
	return b.Flush()
}

func rule(b *bufio.Writer, widths []int) {
	for _, w := range widths {
		b.WriteString("+" + strings.Repeat("-", w+2))
	}
	b.WriteString("+\n")
}

// cellText is a cell as the pretty table shows it.
func cellText(cell any) string {
	switch c := cell.(type) {
	case nil:
		return ""
	case string:
		return c
	case bool:
		if c {
			return "True"
		}
		return "False"
	case []string:
		return strings.Join(c, ",")
	case json.RawMessage:
		return rawText(c)
	case float64:
		return strconv.FormatFloat(c, 'g', -1, 64)
	default:
		return fmt.Sprint(c)
	}
}

// rawText shows a JSON string as its text, null as nothing and anything else as compact JSON.
func rawText(raw json.RawMessage) string {
	var s *string
	if len(raw) == 0 || json.Unmarshal(raw, &s) == nil {
		if s == nil {
			return ""
		}
		return *s
	}
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return string(raw)
	}
	return b.String()
}

// printable escapes what a terminal might obey or that would break the grid: control and format
// characters, line ends, bytes that are not UTF-8. Over-long text is cut, visibly.
func printable(s string) string {
	if len(s) <= maxCell && harmless(s, ' ') {
		return s
	}
	var b strings.Builder
	n := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if n++; n > maxCell {
			return b.String() + "..."
		}
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		}
		i += size
	}
	return b.String()
}
