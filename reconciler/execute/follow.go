package execute

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// StateChanged is the type of an event that Follow adds to Terraform's own: the state file may have changed. A reader
// that found it old or torn looks again.
const StateChanged = "state_changed"

// LinesRead is the type of an event that Follow adds after a batch of Terraform's own: what they announced together can
// be looked for at once.
const LinesRead = "lines_read"

// How often Follow looks without being told: for a worker that was killed, and for everything where the kernel has no
// watch left to give.
const (
	probeEvery = 500 * time.Millisecond
	pollEvery  = 50 * time.Millisecond
)

// Follow calls event for each event of the run, from its beginning, until the run ends; then it returns the worker's
// report. A worker that died without one gives a report that says Killed, after what it left running was ended. The
// only error is ctx's; the worker then goes on. What comes from wake, which may be nil, is passed on as StateChanged.
func (r *Run) Follow(ctx context.Context, wake <-chan time.Time, event func(Event)) (Report, error) {
	w := watch(r.Dir, filepath.Join(r.Dir, runDir))
	defer w.close()
	p := &pulse{dir: r.Dir}
	defer p.close()
	lines := &lineReader{path: runPath(r.Dir, eventsFile)}
	defer lines.close()
	drain := func() {
		read := false
		for line := lines.next(); line != nil; line = lines.next() {
			if e, ok := ParseEvent(line); ok {
				event(e)
				read = true
			}
		}
		if read {
			event(Event{Type: LinesRead})
		}
	}
	for {
		drain()
		rep, ok := r.report()
		if !ok && !p.alive() {
			if rep, ok = r.report(); !ok { // it may have ended well a moment ago
				endLeftovers(r.Job.ID)
				rep, ok = Report{ID: r.Job.ID, Killed: true, Error: "the worker process was killed" + r.lastWords()}, true
			}
		}
		if ok {
			drain()
			r.reap()
			return rep, nil
		}
		select {
		case e := <-w.events:
			if filepath.Base(e.Name) == StateFile {
				event(Event{Type: StateChanged})
			}
		case <-w.errors: //nolint:errcheck // an overflow: look at everything
			event(Event{Type: StateChanged})
		case <-wake:
			event(Event{Type: StateChanged})
		case <-w.tick.C:
			event(Event{Type: StateChanged})
		case <-ctx.Done():
			return Report{}, ctx.Err()
		}
	}
}

func (r *Run) report() (Report, bool) {
	var rep Report
	err := readJSON(runPath(r.Dir, resultFile), &rep)
	return rep, err == nil && rep.ID == r.Job.ID
}

// lastWords is the end of what the worker itself printed, for the error text.
func (r *Run) lastWords() string {
	data, _ := os.ReadFile(runPath(r.Dir, logFile))
	text := strings.TrimSpace(string(data))
	if text == "" {
		return ""
	}
	const most = 500
	if len(text) > most {
		text = text[len(text)-most:]
	}
	return ": " + strings.ToValidUTF8(text, "")
}

// watcher is an inotify watch with a clock beside it, or the clock alone, ticking faster, when the kernel refuses the
// watch (fs.inotify.max_user_instances).
type watcher struct {
	w      *fsnotify.Watcher
	events <-chan fsnotify.Event
	errors <-chan error
	tick   *time.Ticker
}

func watch(dirs ...string) *watcher {
	w, err := fsnotify.NewWatcher()
	for _, d := range dirs {
		if err == nil {
			if err = w.Add(d); err != nil {
				_ = w.Close()
			}
		}
	}
	if err != nil {
		return &watcher{tick: time.NewTicker(pollEvery)}
	}
	return &watcher{w: w, events: w.Events, errors: w.Errors, tick: time.NewTicker(probeEvery)}
}

func (w *watcher) close() {
	w.tick.Stop()
	if w.w != nil {
		_ = w.w.Close()
	}
}

// lineReader reads whole lines of a file that grows. Lines have no bound: a diagnostic may quote a whole template.
type lineReader struct {
	path    string
	f       *os.File
	buf     *bufio.Reader
	partial []byte
}

// next is the next whole line, nil when there is none yet.
func (l *lineReader) next() []byte {
	if l.f == nil {
		f, err := os.Open(l.path)
		if err != nil {
			return nil
		}
		l.f, l.buf = f, bufio.NewReaderSize(f, 64<<10)
	}
	chunk, err := l.buf.ReadBytes('\n')
	l.partial = append(l.partial, chunk...)
	if err != nil {
		if err != io.EOF {
			l.partial = nil
		}
		return nil
	}
	line := l.partial
	l.partial = nil
	return line
}

func (l *lineReader) close() {
	if l.f != nil {
		l.f.Close()
	}
}
