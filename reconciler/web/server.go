package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// Bounds on what a connection may take. A stream (server-sent events) sets deadlines of its own.
const (
	maxHeader  = 16 << 10
	maxBody    = 64 << 10
	headerTime = 10 * time.Second
	readTime   = 20 * time.Second
	writeTime  = 30 * time.Second
	idleTime   = 60 * time.Second
	stopTime   = 2 * time.Second
)

// Server listens. It serves from Serve on: until Show, that the launcher starts.
type Server struct {
	listener net.Listener
	log      *slog.Logger
	shown    atomic.Pointer[http.Handler]
}

// Show has the server serve these pages from now on.
func (s *Server) Show(h http.Handler) { s.shown.Store(&h) }

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch h := s.shown.Load(); {
	case h != nil:
		(*h).ServeHTTP(w, r)
	case r.URL.Path == "/health/live":
		_, _ = w.Write([]byte("OK"))
	default:
		away(w, errStarting)
	}
}

var errStarting = errors.New("the launcher is starting")

// Listen binds the port of the webapp section; port 0 takes a free one. An error names the option.
func Listen(address string, port int, log *slog.Logger) (*Server, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(address, strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("the HTTP port cannot be opened: %w (set webapp.listen_address and webapp.port to an address and port that are free, or start with --no-webapp)", err)
	}
	return &Server{listener: l, log: log}, nil
}

// Addr is where it listens, host:port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close frees the port of a server that does not serve.
func (s *Server) Close() { _ = s.listener.Close() }

// Serve answers until ctx ends, and a moment longer what is being answered then. When it returns no goroutine is left.
func (s *Server) Serve(ctx context.Context) error {
	srv := &http.Server{
		Handler:           http.MaxBytesHandler(s, maxBody),
		ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		MaxHeaderBytes: maxHeader,
		BaseContext:    func(net.Listener) context.Context { return ctx }, // open streams end with the launcher
		ErrorLog:       slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		Protocols:      new(http.Protocols),
	}
	srv.Protocols.SetHTTP1(true) // nothing here needs more, and HTTP/2's streams would escape the bound on connections
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		if srv.Shutdown(last) != nil {
			_ = srv.Close()
		}
	})
	err := srv.Serve(newBounded(s.listener))
	if stop() {
		return fmt.Errorf("the HTTP server ended: %w", err)
	}
	<-stopped
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
