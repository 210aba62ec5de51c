package keyscan

import (
	"context"
	"errors"
	"slices"
	"sync"

	"golang.org/x/crypto/ssh"
)

// gatherRest fetches the keys of the kinds the first handshake did not show. offered are the
// algorithms the server announced; kinds that are not among them cost no connection. All others
// are asked at once: it is the round trips that make a scan slow.
func gatherRest(ctx context.Context, target string, first ssh.PublicKey, offered []string) ([]string, error) {
	lines := make([]string, len(algorithms))
	var wg sync.WaitGroup
	for i, kind := range algorithms {
		switch {
		case slices.Contains(kind, first.Type()):
			lines[i] = line(first)
		case offered == nil || slices.ContainsFunc(kind, func(a string) bool { return slices.Contains(offered, a) }):
			wg.Go(func() { lines[i] = fetch(ctx, target, kind) })
		}
	}
	wg.Wait()
	// A key that is missing only because time ran out would shrink the record without a word.
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return compact(lines), nil
}

// fetch gets the key of one kind, or "". A server that has none says so in the negotiation;
// any other failure (a busy sshd drops connections at random) gets a second chance, alone.
func fetch(ctx context.Context, target string, kind []string) string {
	for range 2 {
		conn, err := dial(ctx, target, longTry)
		if err != nil {
			continue
		}
		key, _, err := handshake(ctx, conn, target, kind)
		if err == nil {
			return line(key)
		}
		if none := (*ssh.AlgorithmNegotiationError)(nil); errors.As(err, &none) {
			return ""
		}
	}
	return ""
}

// compact drops empty and repeated lines and keeps the order.
func compact(lines []string) []string {
	keys := make([]string, 0, len(lines))
	for _, l := range lines {
		if l != "" && !slices.Contains(keys, l) {
			keys = append(keys, l)
		}
	}
	return keys
}
