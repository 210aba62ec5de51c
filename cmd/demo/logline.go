package main

import (
	"strconv"
	"strings"
	"time"
)

// logEvent turns a line of the daemon's log into an event, if it is one of those shown.
func logEvent(line string) (event, bool) {
	f := fields(line)
	at, err := time.Parse(time.RFC3339Nano, f["time"])
	if err != nil {
		return event{}, false
	}
	e := event{at: at}
	switch f["msg"] {
	case "apply started":
		e.who, e.what, e.note = "workspace "+f["workspace"], "apply", joined("nodes ", f["nodes"])
		if f["kind"] == "destroy" {
			e.what = "destroy"
		}
	case "apply finished":
		e.who, e.what, e.note = "workspace "+f["workspace"], "applied", joined("in ", f["dur"])
		if f["kind"] == "destroy" {
			e.what = "destroyed"
		}
		if f["err"] != "" || f["error"] != "" {
			e.what, e.note = "apply failed", f["err"]+f["error"]
		}
	case "host keys":
		e.who, e.what, e.note = "node "+f["node"], "host keys", joined("scanned in ", f["dur"])
	default:
		return event{}, false
	}
	return e, true
}

func joined(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// fields reads key=value pairs as slog's text handler writes them. A line that is something
// else yields nothing of use.
func fields(line string) map[string]string {
	f := map[string]string{}
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimLeft(line, " ") {
		key, rest, ok := strings.Cut(line, "=")
		if !ok {
			break
		}
		if quoted, err := strconv.QuotedPrefix(rest); err == nil {
			f[key], _ = strconv.Unquote(quoted)
			line = rest[len(quoted):]
			continue
		}
		f[key], line, _ = strings.Cut(rest, " ")
	}
	return f
}
