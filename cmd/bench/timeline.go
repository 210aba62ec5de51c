package main

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// timeline says where the time of an idle launch goes: milliseconds after the request was made, by what the launcher
// logs and what Terraform's event stream says. A step that is not found is left out.
type timeline struct {
	offset   int64 // in the log
	launches int
	steps    map[string][]float64
}

// step is one of them, the median over all launches.
type step struct {
	Name string  `json:"step"`
	MS   float64 `json:"ms"`
}

// stepOrder is the order in which they happen.
var stepOrder = []string{
	"request seen", "request accepted", "node record made", "run begun", "Terraform runs", "Terraform creates", "resource made",
	"result made", "node ready", "request written", "request seen fulfilled",
}

// newTimeline begins at the end of the launcher's log.
func (s *site) newTimeline() *timeline {
	t := &timeline{steps: map[string][]float64{}}
	t.lines(s.rig.LogFile())
	return t
}

// take notes a launch. The launcher's log has a precision of a millisecond.
func (t *timeline) take(s *site, l *lease) {
	t.launches++
	note := func(name string, at time.Time) {
		if !at.IsZero() {
			t.steps[name] = append(t.steps[name], ms(at.Sub(l.asked)))
		}
	}
	node := l.req.Nodes[0]
	workspace := ""
	for _, line := range t.lines(s.rig.LogFile()) {
		switch {
		case line["msg"] == "apply started":
			if workspace == "" && line["kind"] == "create" && line.time().Add(time.Millisecond).After(l.asked) {
				workspace = line["workspace"]
				note("run begun", line.time())
			}
		case line["request"] == l.req.ID && line["msg"] == "request state" && line["state"] == "requested":
			note("request seen", line.time())
		case line["request"] == l.req.ID && line["msg"] == "request accepted":
			note("request accepted", line.time())
		case line["node"] == node && line["msg"] == "node state" && line["state"] == "building":
			note("node record made", line.time())
		case line["node"] == node && line["msg"] == "node launched":
			note("node ready", line.time())
		case line["request"] == l.req.ID && line["msg"] == "request fulfilled":
			note("request written", line.time())
		}
	}
	note("request seen fulfilled", l.asked.Add(l.took))
	if workspace != "" {
		t.events(filepath.Join(s.rig.StateDir, "workspaces", workspace, "run", "events.jsonl"), node, note)
	}
}

// events reads Terraform's own stream, which is there as long as the node is.
func (t *timeline) events(path, node string, note func(string, time.Time)) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer f.Close()
	seen := map[string]bool{}
	once := func(name string, at time.Time) {
		if !seen[name] {
			seen[name] = true
			note(name, at)
		}
	}
	for in := bufio.NewScanner(f); in.Scan(); {
		var e struct {
			Type string    `json:"type"`
			Time time.Time `json:"@timestamp"`
			Hook struct {
				Resource struct {
					Addr string `json:"addr"`
				} `json:"resource"`
			} `json:"hook"`
		}
		if json.Unmarshal(in.Bytes(), &e) != nil {
			continue
		}
		mine := strings.Contains(e.Hook.Resource.Addr, node)
		result := strings.HasPrefix(e.Hook.Resource.Addr, "terraform_data.")
		switch {
		case e.Type == "version":
			once("Terraform runs", e.Time)
		case e.Type == "apply_start" && mine:
			once("Terraform creates", e.Time)
		case e.Type == "apply_complete" && mine && !result:
			once("resource made", e.Time)
		case e.Type == "apply_complete" && mine:
			once("result made", e.Time)
		}
	}
}

// logLine is a line of the launcher's log.
type logLine map[string]string

func (l logLine) time() time.Time {
	at, _ := time.Parse(time.RFC3339Nano, l["time"])
	return at
}

// lines are those written since the last call.
func (t *timeline) lines(path string) (lines []logLine) {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	_, _ = f.Seek(t.offset, 0)
	in := bufio.NewReader(f)
	for {
		text, err := in.ReadString('\n')
		if err != nil {
			return lines
		}
		t.offset += int64(len(text))
		lines = append(lines, parseLine(strings.TrimSpace(text)))
	}
}

// parseLine reads slog's text form: key=value, values quoted where they must be.
func parseLine(text string) logLine {
	l := logLine{}
	for text != "" {
		key, rest, ok := strings.Cut(text, "=")
		if !ok {
			break
		}
		var value string
		if strings.HasPrefix(rest, `"`) {
			end := 1
			for end < len(rest) && rest[end] != '"' {
				if rest[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end, len(rest))
			value, rest = rest[1:end], rest[min(end+1, len(rest)):]
		} else {
			value, rest, _ = strings.Cut(rest, " ")
		}
		l[strings.TrimSpace(key)] = value
		text = strings.TrimLeft(rest, " ")
	}
	return l
}

// result is the median of each step that was found for most launches.
func (t *timeline) result() (steps []step) {
	for _, name := range stepOrder {
		if v := t.steps[name]; 2*len(v) > t.launches {
			steps = append(steps, step{name, percentile(v).P50})
		}
	}
	return steps
}
