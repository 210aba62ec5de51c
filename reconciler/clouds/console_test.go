package clouds

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestLastLines(t *testing.T) {
	got := lastLines("BIOS\r\n\n  \nGrub \r\nkernel panic")
	if strings.Join(got, "|") != "BIOS|Grub|kernel panic" {
		t.Errorf("%q", got)
	}
	if got := lastLines(strings.Repeat("x\n", mostLines) + "end"); len(got) != mostLines || got[mostLines-1] != "end" {
		t.Errorf("%d lines", len(got))
	}
}

// TestLastLinesAreBounded: whatever a machine writes, what is told of it has bounds and no broken letters of its own.
func TestLastLinesAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		written := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "written")
		for _, line := range lastLines(strings.Repeat(written, rapid.IntRange(0, 400).Draw(t, "times"))) {
			if len(line) > longestLine+len("…") || line == "" || strings.ToValidUTF8(line, "") != line {
				t.Fatalf("%q", line)
			}
		}
	})
}
