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

// backlog is how many lines wait to be sent; more are dropped: figures are not worth memory.
const backlog = 4096

// Statsd sends lines to a statsd server, over UDP.
type Statsd struct {
	address string
	log     *slog.Logger
	lines   chan string
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
	return &Statsd{address: net.JoinHostPort(host, port), log: log, lines: make(chan string, backlog)}
}

// Address is where it sends to, host:port.
func (s *Statsd) Address() string { return s.address }

// Send queues lines, without waiting. A nil Statsd drops them.
func (s *Statsd) Send(lines ...string) {
	if s == nil {
		return
	}
	for _, l := range lines {
		select {
		case s.lines <- l:
		default:
		}
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
		case first := <-s.lines:
			sleep(ctx, lineWait)
			s.send(conn, first)
		case <-old.C:
			return
		case <-ctx.Done():
			select {
			case first := <-s.lines:
				s.send(conn, first)
			default:
			}
			return
		}
	}
}

// send sends all that is queued now, in as few datagrams as may be. Nobody listening is no error.
func (s *Statsd) send(conn net.Conn, first string) {
	for next, more := first, true; more; {
		var datagram string
		datagram, next, more = fill(next, s.lines)
		_, _ = conn.Write([]byte(datagram))
	}
}

// fill joins lines into one datagram and gives the line that did not fit; not more: there is none.
func fill(first string, lines <-chan string) (datagram, next string, more bool) {
	var b strings.Builder
	b.WriteString(first)
	for {
		select {
		case l := <-lines:
			if b.Len()+1+len(l) > maxDatagram {
				return b.String(), l, true
			}
			b.WriteByte('\n')
			b.WriteString(l)
		default:
			return b.String(), "", false
		}
	}
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
