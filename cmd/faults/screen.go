package main

import (
	"fmt"
	"os"
	"sync"
	"time"
)

// screen says what happens, a line each, and on a terminal how far it has got.
type screen struct {
	out      *os.File
	terminal bool

	mu     sync.Mutex
	began  time.Time
	total  time.Duration
	done   int
	events int
	quit   chan struct{}
}

func newScreen(out *os.File) *screen {
	info, err := out.Stat()
	return &screen{out: out, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

func (s *screen) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.terminal {
		fmt.Fprint(s.out, "\r\x1b[K")
	}
	fmt.Fprintf(s.out, format+"\n", args...)
}

// begin sets time 0 of the faults.
func (s *screen) begin(total time.Duration, events int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.began, s.total, s.events = time.Now(), total, events
	if !s.terminal {
		return
	}
	s.quit = make(chan struct{})
	go func(quit chan struct{}) {
		for {
			select {
			case <-quit:
				return
			case <-time.After(time.Second):
				s.progress()
			}
		}
	}(s.quit)
}

func (s *screen) progress() {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := time.Since(s.began)
	phase := fmt.Sprintf("%s of %s, fault %d of %d", at.Round(time.Second), s.total, s.done, s.events)
	if at > s.total {
		phase = fmt.Sprintf("settling, %s after the last fault", (at - s.total).Round(time.Second))
	}
	fmt.Fprint(s.out, "\r\x1b[K"+phase)
}

func (s *screen) happened(format string, args ...any) {
	s.mu.Lock()
	s.done++
	s.mu.Unlock()
	s.say(format, args...)
}

func (s *screen) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.quit != nil {
		close(s.quit)
		fmt.Fprint(s.out, "\r\x1b[K")
	}
}
