package clouds

import (
	"context"
	"strings"
	"unicode/utf8"
)

// Consoles is a Cloud that has what the machine of a node wrote to its console, "" for nothing.
type Consoles interface {
	Console(ctx context.Context, hostname string) (string, error)
}

// How much of a console is told: its end.
const (
	mostLines   = 1000
	longestLine = 1000 // bytes
)

// Console gives the last lines of the console of a node's machine; none where the cloud has no consoles, or none of it.
func (w *Watch) Console(ctx context.Context, provider, hostname string) ([]string, error) {
	c, ok := w.cloud(provider).(Consoles)
	if !ok {
		return nil, nil
	}
	text, err := c.Console(ctx, hostname)
	return lastLines(text), err
}

// lastLines are the last lines with text in them.
func lastLines(text string) []string {
	var out []string
	for line := range strings.Lines(strings.ToValidUTF8(text, "\uFFFD")) {
		line = strings.TrimRight(line, "\r\n\t ")
		if line == "" {
			continue
		}
		if len(line) > longestLine {
			end := longestLine
			for !utf8.RuneStart(line[end]) {
				end--
			}
			line = line[:end] + "…"
		}
		out = append(out, line)
	}
	return out[max(0, len(out)-mostLines):]
}
