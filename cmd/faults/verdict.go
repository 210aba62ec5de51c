package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// finding is something that does not add up.
type finding struct {
	Kind   string    `json:"kind"`
	Detail string    `json:"detail"`
	At     time.Time `json:"at"`
}

// verdict collects what is found, from all sides, and is the summary.
type verdict struct {
	mu sync.Mutex

	Seed     uint64         `json:"seed"`
	Replay   string         `json:"replay"`
	Struck   map[string]int `json:"struck"`            // faults that happened, by name
	Missed   map[string]int `json:"missed,omitempty"`  // those that found nothing to strike
	NotRun   map[string]int `json:"not_run,omitempty"` // those that this machine does not allow
	Zuul     map[string]int `json:"zuul"`
	Pages    map[string]int `json:"pages"`
	Latency  map[string]any `json:"request_to_fulfilled_seconds"`
	Books    any            `json:"cloud"`
	Settled  float64        `json:"settled_after_seconds"`
	Findings []finding      `json:"findings"`
}

func newVerdict(o options) *verdict {
	return &verdict{Seed: o.Seed, Replay: o.again(), Struck: map[string]int{}, Missed: map[string]int{}, NotRun: map[string]int{}, Pages: map[string]int{}, Findings: []finding{}}
}

func (v *verdict) add(kind, format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.Findings = append(v.Findings, finding{kind, fmt.Sprintf(format, args...), time.Now()})
}

func (v *verdict) happened(e Event, note string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case strings.HasPrefix(note, "NOT RUN"):
		v.NotRun[e.name()]++
	case note == nobody || strings.HasPrefix(note, "left out"):
		v.Missed[e.name()]++
	default:
		v.Struck[e.name()]++
	}
}

func (v *verdict) page(what string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.Pages[what]++
}

func (v *verdict) failed() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.Findings) > 0
}

func (v *verdict) print(out io.Writer, form string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if form == "json" {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		_ = enc.Encode(v)
		return
	}
	fmt.Fprintf(out, "seed %d\nfaults:  %s\n", v.Seed, counts(v.Struck))
	if len(v.Missed) > 0 {
		fmt.Fprintf(out, "nothing to strike: %s\n", counts(v.Missed))
	}
	if len(v.NotRun) > 0 {
		fmt.Fprintf(out, "NOT RUN on this machine: %s\n", counts(v.NotRun))
	}
	fmt.Fprintf(out, "zuul:    %s\n", counts(v.Zuul))
	fmt.Fprintf(out, "pages:   %s\n", counts(v.Pages))
	fmt.Fprintf(out, "cloud:   %v\nsettled: after %.1f s\n", v.Books, v.Settled)
	if len(v.Findings) == 0 {
		fmt.Fprintln(out, "everything adds up")
		return
	}
	for _, f := range v.Findings {
		fmt.Fprintf(out, "FOUND  %s: %s\n", f.Kind, f.Detail)
	}
}

func counts(m map[string]int) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%s %d", k, m[k]))
	}
	if parts == nil {
		return "none"
	}
	return strings.Join(parts, ", ")
}
