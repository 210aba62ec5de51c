package zkserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"time"
)

var modeLine = regexp.MustCompile(`(?m)^Mode: (\w+)$`)

// Mode is standalone, leader or follower; an error while the server does not serve.
func (s *Server) Mode(ctx context.Context) (string, error) {
	text, err := s.ask(ctx, "srvr")
	if err != nil {
		return "", err
	}
	m := modeLine.FindStringSubmatch(text)
	if m == nil {
		return "", errors.New("the server does not serve")
	}
	return m[1], nil
}

// Monitor reads one number of the `mntr` word, such as zk_watch_count.
func (s *Server) Monitor(ctx context.Context, name string) (int64, error) {
	text, err := s.ask(ctx, "mntr")
	if err != nil {
		return 0, err
	}
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + `\s+(-?\d+)`).FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("the server does not report %s", name)
	}
	return strconv.ParseInt(m[1], 10, 64)
}

// ask sends a four letter word. A server that is just starting sometimes takes
// the word and never answers, hence the short limit.
func (s *Server) ask(ctx context.Context, word string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.admin)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if _, err := conn.Write([]byte(word)); err != nil {
		return "", err
	}
	text, err := io.ReadAll(conn)
	return string(text), err
}
