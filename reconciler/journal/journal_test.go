package journal

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestHandler(t *testing.T) {
	var out strings.Builder
	j := New()
	log := slog.New(j.Handler(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn}), func(s string) string { return strings.ReplaceAll(s, "s3cret", "***") }))
	log.Info("request accepted", "request", "200-1", "pool", "main")
	log.With("provider", "p").Warn("launch attempt failed", "node", "42", "request", "200-1", "err", fmt.Errorf("said s3cret"))
	log.Info("request fulfilled", "request", "200-1", "nodes", []string{"42", "43"})
	log.Debug("node lock", "node", "42")
	log.With("node", "43").WarnContext(LogOnly(t.Context()), "console", "line", "root:hunter2")
	log.Info("launcher starts", "version", "1", "nodes", 7)
	texts := func(id string) string {
		var lines []string
		for _, e := range j.Of(id) {
			lines = append(lines, e.Text)
		}
		return strings.Join(lines, "\n")
	}
	want := "request accepted request=200-1 pool=main\nlaunch attempt failed provider=p node=42 request=200-1 err=said ***\nrequest fulfilled request=200-1 nodes=[42 43]"
	if got := texts("200-1"); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if got := texts("43"); got != "request fulfilled request=200-1 nodes=[42 43]" {
		t.Error(got)
	}
	if strings.Contains(out.String(), "accepted") || !strings.Contains(out.String(), "attempt failed") || !strings.Contains(out.String(), "hunter2") {
		t.Errorf("the log: %s", &out)
	}
	if slog.New(j.Handler(slog.DiscardHandler, nil)).Enabled(t.Context(), slog.LevelDebug) {
		t.Error("debug lines are made for nobody")
	}
}

// TestBounds: whatever is told, the journal stays within its bounds, forgets what is over first, and of an id it knows the
// first and the newest lines.
func TestBounds(t *testing.T) {
	j := New()
	long := strings.Repeat("x", 2*mostBytes) + " the end"
	for i := range mostIDs {
		j.Add(fmt.Sprint(i), Entry{Text: "first"})
	}
	j.Over("7")
	j.Add("new", Entry{Text: long})
	if j.Of("7") != nil || j.Of("0") == nil || len(j.Of("new")[0].Text) > mostBytes+3 || !strings.HasSuffix(j.Of("new")[0].Text, "the end") {
		t.Error("what is over is forgotten first, and no line is long")
	}
	j.Add("newer", Entry{})
	if j.Of("0") != nil || j.Of("1") == nil {
		t.Error("of what is not over the one written to longest ago is forgotten")
	}
	for i := range 40 {
		j.Add("1", Entry{Text: fmt.Sprint(i)})
	}
	if got := j.Of("1"); len(got) != mostLines || got[0].Text != "first" || got[firstKept-1].Text != "2" || got[mostLines-1].Text != "39" {
		t.Errorf("%v", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		j := New()
		id := rapid.StringMatching(`[a-z]`)
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			name := id.Draw(t, "id")
			if rapid.Bool().Draw(t, "over") {
				j.Over(name)
			} else {
				j.Add(name, Entry{At: time.Unix(1, 0), Text: name})
			}
			if j.live.Len()+j.done.Len() != len(j.ids) {
				t.Fatal("a page is in no list, or in two")
			}
		}
	})
}
