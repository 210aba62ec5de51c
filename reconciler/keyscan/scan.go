package keyscan

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// Scan waits until addr:port accepts TCP connections and, when gather is set, speaks SSH; it
// then returns the host keys, each once, as "<type> <base64 of the public key blob>", in the
// order ed25519, ECDSA P-256, P-384, P-521, RSA. With gather unset it returns nil as soon as a
// connection is made.
//
// addr is a host name, an IPv4 or an IPv6 address, with or without brackets. Refused and
// unreachable are retried until ctx ends, so ctx must carry the boot-timeout. The error then
// names the address, the number of attempts and the last failure, and wraps ctx's error alone, so
// that errors.Is(err, context.DeadlineExceeded) means the limit and nothing else. An address or
// port that can never work fails at once.
//
// Source: nodepool/driver/statemachine.py and nodepool/nodeutils.py; one handshake per
// algorithm as there, but only for algorithms that the server announces.
func Scan(ctx context.Context, addr string, port int, gather bool) ([]string, error) {
	host := strings.TrimSuffix(strings.TrimPrefix(addr, "["), "]")
	if host == "" || port < 1 || port > 65535 {
		return nil, fmt.Errorf("scan host keys: %q port %d is not an address to connect to", addr, port)
	}
	target := net.JoinHostPort(host, strconv.Itoa(port))

	pace := newPace()
	for {
		keys, err := attempt(ctx, target, pace.limit(), gather)
		if err == nil {
			return keys, nil
		}
		if ctx.Err() != nil {
			return nil, pace.giveUp(ctx, target, err)
		}
		pace.failed(err)
		if pace.wait(ctx) != nil {
			return nil, pace.giveUp(ctx, target, err)
		}
	}
}

// attempt is one cycle: connect, first handshake, the other algorithms.
func attempt(ctx context.Context, target string, limit time.Duration, gather bool) ([]string, error) {
	conn, err := dial(ctx, target, limit)
	if err != nil {
		return nil, err
	}
	if !gather {
		return nil, conn.Close()
	}
	first, offered, err := handshake(ctx, conn, target, allAlgorithms())
	if err != nil {
		return nil, err
	}
	return gatherRest(ctx, target, first, offered)
}

// dial makes one TCP connection. limit bounds the whole try, name resolution included.
func dial(ctx context.Context, target string, limit time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	conn, err := (&net.Dialer{KeepAlive: -1}).DialContext(ctx, "tcp", target)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return conn, nil
}
