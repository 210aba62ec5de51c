package zkserver

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Options of a server; the zero value is a plain server on 127.0.0.1.
type Options struct {
	Host string        // loopback address to listen on, default 127.0.0.1; "::1" for IPv6
	TLS  *Certs        // with mutual TLS on Addr; the plain port serves beside it
	Tick time.Duration // ZooKeeper's tick, default 500 ms; the shortest session is two ticks
	Heap int           // of the Java machine, MiB, default 256: enough for some thousand nodes
}

// Server is one running server, standalone or a member of an ensemble.
type Server struct {
	Addr string // host:port for clients, IPv6 in brackets
	Dir  string // configuration, data and log

	heap   int
	admin  string // plain host:port for four letter words
	config string // zoo.cfg
	proc   *process
}

// Start runs one server with its files in dir and returns when it serves. ctx
// bounds the start only.
func Start(ctx context.Context, dir string, opts Options) (*Server, error) {
	s, err := prepare(dir, opts, "")
	if err != nil {
		return nil, fmt.Errorf("prepare ZooKeeper in %s: %w", dir, err)
	}
	if err := s.Restart(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// prepare chooses ports and writes the configuration; extra is appended to it.
func prepare(dir string, opts Options, extra string) (*Server, error) {
	if opts.Host == "" {
		opts.Host = "127.0.0.1"
	}
	if opts.Tick == 0 {
		opts.Tick = 500 * time.Millisecond
	}
	ports, err := freePorts(opts.Host, 2)
	if err != nil {
		return nil, err
	}
	if opts.Heap == 0 {
		opts.Heap = 256
	}
	s := &Server{Dir: dir, heap: opts.Heap, config: filepath.Join(dir, "zoo.cfg")}
	s.admin = net.JoinHostPort(opts.Host, strconv.Itoa(ports[0]))
	s.Addr = s.admin
	lines := []string{
		"tickTime=" + strconv.FormatInt(opts.Tick.Milliseconds(), 10),
		"initLimit=20", "syncLimit=10", "maxClientCnxns=0", "maxSessionTimeout=60000",
		"dataDir=" + filepath.Join(dir, "data"),
		"clientPort=" + strconv.Itoa(ports[0]),
		"clientPortAddress=" + opts.Host,
		"admin.enableServer=false",
		"4lw.commands.whitelist=srvr,mntr",
	}
	if opts.TLS != nil {
		s.Addr = net.JoinHostPort(opts.Host, strconv.Itoa(ports[1]))
		lines = append(lines,
			"serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory",
			"secureClientPort="+strconv.Itoa(ports[1]),
			"secureClientPortAddress="+opts.Host,
			"ssl.clientAuth=need",
			"ssl.keyStore.type=PEM", "ssl.keyStore.location="+opts.TLS.serverStore,
			"ssl.trustStore.type=PEM", "ssl.trustStore.location="+opts.TLS.CA,
			"ssl.hostnameVerification=false",
		)
	}
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
		return nil, err
	}
	text := strings.Join(lines, "\n") + "\n" + extra
	return s, os.WriteFile(s.config, []byte(text), 0o600)
}

// Restart starts a stopped server again, on the same address and data.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.launch(); err != nil {
		return err
	}
	return s.waitServing(ctx)
}

func (s *Server) launch() error {
	proc, err := start(s.config, s.heap, filepath.Join(s.Dir, "zookeeper.log"))
	if err != nil {
		return fmt.Errorf("start ZooKeeper: %w", err)
	}
	s.proc = proc
	return nil
}

// waitServing returns when the server takes sessions.
func (s *Server) waitServing(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		if _, err := s.Mode(ctx); err == nil {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-s.proc.exited:
			return fmt.Errorf("start ZooKeeper: it stopped again; end of its log:\n%s", tail(s.proc.log))
		case <-ctx.Done():
			s.Kill()
			return fmt.Errorf("start ZooKeeper: %w; end of its log:\n%s", ctx.Err(), tail(s.proc.log))
		}
	}
}

// Plain is host:port without TLS, which is Addr where there is none.
func (s *Server) Plain() string { return s.admin }

// Pid of the running server.
func (s *Server) Pid() int { return s.proc.cmd.Process.Pid }

// Stop ends the server in good order and waits until it is gone.
func (s *Server) Stop() { s.proc.end(5 * time.Second) }

// Kill ends the server as a crash would.
func (s *Server) Kill() { s.proc.end(0) }

// Wipe removes the data of a stopped server: to its clients all sessions expired.
func (s *Server) Wipe() error { return os.RemoveAll(filepath.Join(s.Dir, "data", "version-2")) }

func tail(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(data[max(0, len(data)-2000):])
}

// freePorts finds ports nobody listens on.
func freePorts(host string, n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			return nil, err
		}
		defer func() { _ = l.Close() }() // keep all open until the last is found
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
