package journal

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
)

// handler passes log lines on, and notes those about a request or node.
type handler struct {
	next   slog.Handler
	j      *Journal
	redact func(string) string
	attrs  []slog.Attr
}

// Handler logs to next, and notes in the journal what is at level info or above and has an id under one of the keys
// request, node and nodes, but for lines of LogOnly. redact takes secrets out, nil for none.
func (j *Journal) Handler(next slog.Handler, redact func(string) string) slog.Handler {
	if redact == nil {
		redact = func(s string) string { return s }
	}
	return handler{next: next, j: j, redact: redact}
}

func (h handler) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelInfo || h.next.Enabled(ctx, l)
}

type logOnly struct{}

// LogOnly gives a context for lines that are not noted, whatever ids they have: those that are many, and would drive out
// the rest, or that are not for everybody who may open a page.
func LogOnly(ctx context.Context) context.Context { return context.WithValue(ctx, logOnly{}, true) }

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelInfo && ctx.Value(logOnly{}) == nil {
		h.note(r)
	}
	if h.next.Enabled(ctx, r.Level) {
		return h.next.Handle(ctx, r)
	}
	return nil
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.attrs = append(h.attrs[:len(h.attrs):len(h.attrs)], attrs...)
	h.next = h.next.WithAttrs(attrs)
	return h
}

// WithGroup leaves the journal's keys as they are: nothing here logs in groups.
func (h handler) WithGroup(name string) slog.Handler {
	h.next = h.next.WithGroup(name)
	return h
}

func (h handler) note(r slog.Record) {
	var ids []string
	var text strings.Builder
	text.WriteString(r.Message)
	see := func(a slog.Attr) bool {
		switch v := a.Value.Any().(type) {
		case string:
			if a.Key == "request" || a.Key == "node" {
				ids = append(ids, v)
			}
		case []string:
			if a.Key == "nodes" {
				ids = append(ids, v...)
			}
		}
		if value := fmt.Sprint(a.Value.Any()); value != "" {
			fmt.Fprintf(&text, " %s=%s", a.Key, value)
		}
		return true
	}
	for _, a := range h.attrs {
		see(a)
	}
	r.Attrs(see)
	if len(ids) == 0 {
		return
	}
	e := Entry{At: r.Time, Text: h.redact(text.String())}
	for _, id := range ids {
		if id != "" {
			h.j.Add(id, e)
		}
	}
}
