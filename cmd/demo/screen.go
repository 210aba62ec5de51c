package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// settle is how long an event is kept back so that one which happened earlier, but was heard of
// later (a log line and a ZooKeeper watch take different ways), can still go before it.
const settle = 60 * time.Millisecond

// event is one line of the timeline.
type event struct {
	at   time.Time
	who  string // "request 200-0000000004"
	what string // "pending"
	note string
}

// screen prints the story: colours on a terminal, plain text elsewhere.
type screen struct {
	out    io.Writer
	colour bool

	mu      sync.Mutex
	zero    time.Time // time 0 of the timeline; before it is set events are dropped
	waiting []event
	timer   *time.Timer
}

func newScreen(out io.Writer) *screen {
	s := &screen{out: out}
	if f, ok := out.(*os.File); ok && os.Getenv("NO_COLOR") == "" {
		info, err := f.Stat()
		s.colour = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return s
}

const (
	bold  = "1"
	dim   = "2"
	red   = "31"
	green = "32"
	cyan  = "36"
)

func (s *screen) paint(code, text string) string {
	if !s.colour || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s *screen) title(format string, args ...any) {
	s.flush()
	fmt.Fprintf(s.out, "\n%s\n", s.paint(bold, fmt.Sprintf(format, args...)))
}

// fact is one line of the preparations.
func (s *screen) fact(name, format string, args ...any) {
	fmt.Fprintf(s.out, "  %s %s\n", s.paint(dim, fmt.Sprintf("%-10s", name)), fmt.Sprintf(format, args...))
}

func (s *screen) say(format string, args ...any) {
	fmt.Fprintf(s.out, "  %s\n", s.paint(bold, fmt.Sprintf(format, args...)))
}

// begin sets time 0.
func (s *screen) begin(zero time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.zero = zero
}

func (s *screen) since(t time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return t.Sub(s.zero)
}

// happened puts an event on the timeline.
func (s *screen) happened(e event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.zero.IsZero() {
		return
	}
	s.waiting = append(s.waiting, e)
	if s.timer == nil {
		s.timer = time.AfterFunc(settle, func() { s.print(false) })
	}
}

// flush prints what is kept back.
func (s *screen) flush() { s.print(true) }

func (s *screen) print(all bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	slices.SortStableFunc(s.waiting, func(a, b event) int { return a.at.Compare(b.at) })
	due := len(s.waiting)
	if !all {
		due, _ = slices.BinarySearchFunc(s.waiting, time.Now().Add(-settle), func(e event, t time.Time) int { return e.at.Compare(t) })
	}
	for _, e := range s.waiting[:due] {
		s.line(e)
	}
	s.waiting = slices.Delete(s.waiting, 0, due)
	if len(s.waiting) > 0 {
		s.timer = time.AfterFunc(settle/2, func() { s.print(false) })
	}
}

func (s *screen) line(e event) {
	var colour string
	switch e.what {
	case "ready", "fulfilled", "gone":
		colour = green
	case "failed", "apply failed":
		colour = red
	default:
		colour = cyan
	}
	text := fmt.Sprintf("%11s  %s %s", ms(e.at.Sub(s.zero)), fmt.Sprintf("%-24s", e.who), s.paint(colour, fmt.Sprintf("%-14s", e.what)))
	if e.note != "" {
		text += " " + s.paint(dim, e.note)
	}
	fmt.Fprintln(s.out, strings.TrimRight(text, " "))
}

// ms shows a time in whole milliseconds.
func ms(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }
