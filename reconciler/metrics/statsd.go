package metrics

import (
	"context"
	"log/slog"
	"math"
	"net"
	"strconv"
	"strings"
	"time"
)

// maxDatagram is what fits into a datagram that no network cuts.
const maxDatagram = 512

// backlog is how many lines of events wait to be sent; more are dropped: figures are not worth memory.
const backlog = 4096

// A server that is handed everything at once has the kernel drop what does not fit into its buffer, which is some 200
// datagrams: so many are sent, then it is given time to read them.
const (
	burst  = 64
	breath = 5 * time.Millisecond
)

// Statsd sends lines to a statsd server, over UDP.
type Statsd struct {
	address string
	log     *slog.Logger
	events  chan string
	reports chan []string
}

// StatsdFrom reads the environment: STATSD_HOST, STATSD_PORT. nil when neither is set.
func StatsdFrom(getenv func(string) string, log *slog.Logger) *Statsd {
	host, port := getenv("STATSD_HOST"), getenv("STATSD_PORT")
	if host == "" && port == "" {
		return nil
	}
	if host == "" {
		host = "localhost"
	}
	if port == "" {
		port = "8125"
	}
	return &Statsd{address: net.JoinHostPort(host, port), log: log, events: make(chan string, backlog), reports: make(chan []string)}
}

// Address is where it sends to, host:port.
func (s *Statsd) Address() string { return s.address }

// Send queues lines about something that has happened, without waiting. A nil Statsd drops them.
func (s *Statsd) Send(lines ...string) {
	if s == nil {
		return
	}
	for _, l := range lines {
		select {
		case s.events <- l:
		default:
		}
	}
}

// Report gives lines about how things are to who sends them, and waits until they are taken or ctx ends. However many they
// are (eleven for each label and provider) none is dropped: it would be the same ones each time.
func (s *Statsd) Report(ctx context.Context, lines []string) {
	select {
	case s.reports <- lines:
	case <-ctx.Done():
	}
}

// Waits between two tries to find the server, and between two warnings that it cannot be found.
const (
	dialAgain = 10 * time.Second
	lineWait  = 100 * time.Millisecond // for more lines that fit into the same datagram
)

// Run sends what is queued until ctx ends.
func (s *Statsd) Run(ctx context.Context) {
	for ctx.Err() == nil {
		conn, err := (&net.Dialer{}).DialContext(ctx, "udp", s.address)
		if err != nil {
			if ctx.Err() == nil {
				s.log.Warn("statsd cannot be reached; it is tried again", "address", s.address, "err", err, "try_again", dialAgain)
			}
			sleep(ctx, dialAgain)
			continue
		}
		s.pump(ctx, conn)
		_ = conn.Close()
	}
}

// pump sends until ctx ends or the server's name should be looked up anew: it may have moved.
func (s *Statsd) pump(ctx context.Context, conn net.Conn) {
	const lookUpAgain = 10 * time.Minute
	old := time.NewTimer(lookUpAgain)
	defer old.Stop()
	for {
		select {
		case first := <-s.events:
			sleep(ctx, lineWait)
			send(ctx, conn, s.queued(first))
		case report := <-s.reports:
			send(ctx, conn, report)
		case <-old.C:
			return
		case <-ctx.Done():
			send(ctx, conn, s.queued())
			return
		}
	}
}

// queued is what is queued now, after the lines that are taken already.
func (s *Statsd) queued(lines ...string) []string {
	for {
		select {
		case l := <-s.events:
			lines = append(lines, l)
		default:
			return lines
		}
	}
}

// send sends lines in as few datagrams as may be. Nobody listening is no error.
func send(ctx context.Context, conn net.Conn, lines []string) {
	for i, datagram := range pack(lines) {
		if i > 0 && i%burst == 0 {
			sleep(ctx, breath)
		}
		_, _ = conn.Write([]byte(datagram))
	}
}

// pack joins lines to datagrams.
func pack(lines []string) (datagrams []string) {
	for _, l := range lines {
		if last := len(datagrams) - 1; last >= 0 && len(datagrams[last])+1+len(l) <= maxDatagram {
			datagrams[last] += "\n" + l
		} else {
			datagrams = append(datagrams, l)
		}
	}
	return datagrams
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// count, gauge and timer are lines. A name that would break the line is left out by Send's callers never: see plain.
func count(name string, n int) string { return plain(name) + ":" + strconv.Itoa(n) + "|c" }

// gauge gives two lines for a negative value, which alone would be a change: a zero, then the value. Infinity is left out
// (D-18).
func gauge(name string, v float64) []string {
	switch {
	case math.IsInf(v, 0) || math.IsNaN(v):
		return nil
	case v < 0:
		return []string{plain(name) + ":0|g", plain(name) + ":" + number(v) + "|g"}
	}
	return []string{plain(name) + ":" + number(v) + "|g"}
}

func timer(name string, d time.Duration) string {
	return plain(name) + ":" + strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 6, 64) + "|ms"
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// clean is what Nodepool does to names of requestors, tenants and limits: their dots and colons would be statsd's.
func clean(name string) string { return strings.NewReplacer(".", "_", ":", "_").Replace(name) }

// mostName bounds a metric's name, so that a line fits into a datagram.
const mostName = 400

// plain replaces what would end a name or a line. Dots stay (D-16): dashboards know the names as they are.
func plain(name string) string {
	name = strings.Map(func(r rune) rune {
		if r <= ' ' || r == ':' || r == '|' || r == '@' || r == 0x7f {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	if len(name) > mostName {
		name = strings.ToValidUTF8(name[:mostName], "")
	}
	return name
}
