package session

import "fmt"

// Close ends the session: ephemerals vanish at once when the server can be
// reached. It returns when no goroutine is left. Call it on expired sessions too.
func (s *Session) Close() {
	s.end(fmt.Errorf("%w: closed by us", ErrExpired), false)
	s.wg.Wait()
}

// end makes the value unusable, once. Everything that must hold before another
// session could exist happens here synchronously: callers see err, and dial
// refuses. Only the library's slow goodbye is left to a goroutine.
func (s *Session) end(err error, abrupt bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	s.err = err
	s.connected = false
	if s.tooLong != nil {
		s.tooLong.Stop()
	}
	if abrupt && s.wire != nil {
		_ = s.wire.Close()
	}
	s.cancel()
	close(s.done)
	s.wg.Add(1)
	go s.goodbye()
}

// goodbye stops the library and waits for its goroutines.
func (s *Session) goodbye() {
	defer s.wg.Done()
	<-s.ready
	s.conn.Close()
	s.mu.Lock()
	if s.wire != nil {
		_ = s.wire.Close() // the library leaves it open after an expiry
	}
	s.mu.Unlock()
	for range s.ended {
	}
}
