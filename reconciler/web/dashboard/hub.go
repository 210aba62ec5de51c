package dashboard

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Bounds of the streams.
const (
	maxStreams = 200
	renewEvery = time.Second
	// mostMissed is in how many rounds a stream may still have the message before untaken. Then it is ended: its reader
	// reads nothing.
	mostMissed = 30
)

// hub renews the open streams. Its goroutine lives while there are any: once a second, when the snapshot is a new one, it
// renders each page that somebody looks at, once, and hands each stream the sections that changed. A stream holds one
// message at most; who is slow gets the newest state with the next one. However many look and however large the fleet
// is, that takes at most a fifth of a core: rounds get rarer as they get longer.
type hub struct {
	source Source
	stage  *stage
	log    *slog.Logger
	tick   func(time.Duration) <-chan time.Time // time.After

	mu      sync.Mutex
	streams map[*stream]bool
	running bool
	ctx     context.Context // ends with the hub
	end     context.CancelFunc
	wg      sync.WaitGroup
}

// stream is one reader.
type stream struct {
	query  Query
	mail   chan []byte // of one message; closed when the hub gives the stream up
	sent   digests     // only the hub's goroutine touches it and missed
	missed int
}

func newHub(source Source, st *stage, log *slog.Logger) *hub {
	ctx, end := context.WithCancel(context.Background())
	return &hub{source: source, stage: st, log: log, tick: time.After, streams: map[*stream]bool{}, ctx: ctx, end: end}
}

// join opens a stream, nil when there are too many or the hub is closed.
func (h *hub) join(q Query) *stream {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.streams) >= maxStreams || h.ctx.Err() != nil {
		return nil
	}
	s := &stream{query: q, mail: make(chan []byte, 1)}
	h.streams[s] = true
	if !h.running {
		h.running = true
		h.wg.Go(h.run)
	}
	return s
}

func (h *hub) leave(s *stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.streams, s)
}

// close ends all streams.
func (h *hub) close() {
	h.mu.Lock()
	h.end()
	h.mu.Unlock()
	h.wg.Wait()
}

// open lists the streams. With none the goroutine ends.
func (h *hub) open() (list []*stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.streams {
		list = append(list, s)
	}
	h.running = len(list) > 0
	return list
}

func (h *hub) run() {
	var last *scene
	wait := time.Duration(0)
	for {
		select {
		case <-h.tick(wait):
		case <-h.ctx.Done():
			return
		}
		list := h.open()
		if len(list) == 0 {
			return
		}
		began := time.Now()
		last = h.round(list, last)
		wait = max(renewEvery, 4*time.Since(began))
	}
}

// round renews streams with what is new since the last scene. New streams have seen nothing yet.
func (h *hub) round(list []*stream, last *scene) *scene {
	s, err := h.source.Snapshot(h.ctx)
	if err != nil {
		return last
	}
	now := h.stage.of(s)
	type kind struct {
		query Query
		sent  digests
	}
	made := map[kind][]byte{}
	for _, st := range list {
		if now == last && st.sent != (digests{}) {
			continue
		}
		if len(st.mail) > 0 {
			h.late(st)
			continue
		}
		r, err := now.live(st.query)
		if err != nil {
			h.log.Error("render the dashboard", "err", err)
			return last
		}
		k := kind{st.query, st.sent}
		m, ok := made[k]
		if !ok {
			if m, err = message(r, st.sent, s.At); err != nil {
				h.log.Error("render the dashboard", "err", err)
				return last
			}
			made[k] = m
		}
		if m != nil {
			st.mail <- m // never waits: nobody else sends
		}
		st.sent, st.missed = r.digests, 0
	}
	return now
}

// late counts a stream that has not taken the message before.
func (h *hub) late(s *stream) {
	if s.missed++; s.missed <= mostMissed {
		return
	}
	h.leave(s)
	close(s.mail)
}
