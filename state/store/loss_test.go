package store_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/state/store"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

// Every write of every operation loses its reply once, and once its request, and the operation succeeds all the same.
func TestConnectionLostAtEveryWrite(t *testing.T) {
	// A server of its own: it keeps its last 500 transactions in memory, and these are large.
	srv := zktest.Start(t, zkserver.Options{})
	data := large(chunked).Files["terraform.tfstate"]
	type world struct {
		st     *store.Store // behind the line
		s      *session.Session
		helper *store.Store // connected directly
		direct *session.Session
	}
	put := func(w world, d store.Document) error {
		err := w.st.Put(t.Context(), "w", d)
		if err == nil && !sameFiles(d, must[store.Document](t)(w.helper.Get(t.Context(), "w"))) {
			err = errors.New("another document")
		}
		return err
	}
	operations := map[string]struct {
		before func(w world) error
		do     func(w world) error
		writes int // that must be met
	}{
		"open": {writes: 2, do: func(w world) error {
			_, err := store.Open(t.Context(), w.s, store.Options{ID: "fresh"})
			return err
		}},
		"reopen": {writes: 2, do: func(w world) error {
			st, err := store.Open(t.Context(), w.s, store.Options{ID: "us"})
			if err == nil {
				err = st.Put(t.Context(), "w", typical())
			}
			return err
		}},
		"create": {writes: 1, do: func(w world) error { return put(w, typical()) }},
		"replace": {writes: 1,
			before: func(w world) error { return w.st.Put(t.Context(), "w", typical()) },
			do:     func(w world) error { return put(w, typical()) },
		},
		"create large": {writes: 6, do: func(w world) error { return put(w, large(chunked)) }},
		"replace large": {writes: 6,
			before: func(w world) error { return w.st.Put(t.Context(), "w", large(chunked+1)) },
			do: func(w world) error {
				err := put(w, large(chunked))
				for range 2 { // chunks that could not be removed go with the next one
					err = errors.Join(err, put(w, typical()))
				}
				if names, _, _ := w.direct.Children(t.Context(), "/nodepool-tf/workspaces/w"); err == nil && len(names) > 0 {
					err = fmt.Errorf("chunks %q", names)
				}
				return err
			},
		},
		"remove": {writes: 1,
			before: func(w world) error { return w.st.Put(t.Context(), "w", typical()) },
			do:     func(w world) error { return w.st.Remove(t.Context(), "w") },
		},
		"remove large": {writes: 2,
			before: func(w world) error { return w.st.Put(t.Context(), "w", large(chunked)) },
			do:     func(w world) error { return w.st.Remove(t.Context(), "w") },
		},
		"take": {writes: 1,
			before: func(w world) error {
				return errors.Join(w.helper.Put(t.Context(), "w", typical()), w.helper.Close(t.Context()))
			},
			do: func(w world) error {
				_, err := w.st.Take(t.Context(), seen(t, w.st, "helper"), "w")
				if err == nil {
					err = put(w, typical()) // ours now
				}
				if _, again := w.st.Take(t.Context(), seen(t, w.st, "helper"), "w"); !errors.Is(again, store.ErrLost) {
					err = errors.Join(err, fmt.Errorf("taken again: %w", again))
				}
				return err
			},
		},
		"forget": {writes: 1,
			before: func(w world) error { return w.helper.Close(t.Context()) },
			do:     func(w world) error { return w.st.Forget(t.Context(), "helper") },
		},
		"blob": {writes: 1, do: func(w world) error { return w.st.PutBlob(t.Context(), "module", "m", []byte("x")) }},
		"large blob": {writes: 6, do: func(w world) error {
			err := w.st.PutBlob(t.Context(), "module", "m", data)
			got, gerr := w.helper.GetBlob(t.Context(), "module", "m")
			if err == nil && gerr == nil && !slices.Equal(got, data) {
				err = errors.New("another blob")
			}
			return errors.Join(err, gerr)
		}},
		"remove blob": {writes: 1,
			before: func(w world) error { return w.st.PutBlob(t.Context(), "module", "m", data) },
			do:     func(w world) error { return remove(t.Context(), w.st, "module", "m") },
		},
		"close": {writes: 1, do: func(w world) error { return w.st.Close(t.Context()) }},
	}
	round := 0
	for name, op := range operations {
		t.Run(name, func(t *testing.T) {
			for _, what := range []loss{loseReply, loseRequest} {
				n := 1
				for ; ; n++ {
					round++
					chroot := fmt.Sprintf("/%d", round)
					bad := badLine(t, srv.Addr)
					w := world{direct: zktest.Connect(t, session.Options{Servers: []string{srv.Addr}, Chroot: chroot})}
					w.helper = must[*store.Store](t)(store.Open(t.Context(), w.direct, store.Options{ID: "helper"}))
					w.s = zktest.Connect(t, session.Options{Servers: bad.Addrs, Chroot: chroot, Timeout: patient})
					w.st = must[*store.Store](t)(store.Open(t.Context(), w.s, store.Options{ID: "us"}))
					if op.before != nil {
						check(t, op.before(w))
					}
					bad.arm(what, n)
					if err := op.do(w); err != nil {
						t.Errorf("%s of write %d: %v", what, n, err)
					}
					w.s.Close()
					check(t, w.direct.DeleteAll(t.Context(), "/nodepool-tf"))
					w.direct.Close()
					if !bad.happened() {
						break // there are not so many
					}
				}
				if n <= op.writes {
					t.Errorf("%s: only %d writes were seen, expected %d", what, n-1, op.writes)
				}
			}
		})
	}
}

// A removal whose reply is lost and a workspace that somebody else took meanwhile look alike; only one is a success.
func TestLostReplyIsNoExcuse(t *testing.T) {
	ctx := t.Context()
	srv, root := zktest.Shared(t)
	bad := badLine(t, srv.Addr)
	s := zktest.Connect(t, session.Options{Servers: bad.Addrs, Chroot: root, Timeout: patient})
	a := must[*store.Store](t)(store.Open(ctx, s, store.Options{ID: "a"}))
	b, direct := openWith(t, store.Options{ID: "b"})
	check(t, a.Put(ctx, "w", typical()))
	leases, _, err := direct.Children(ctx, "/nodepool-tf/launchers/a/alive")
	check(t, err)
	check(t, direct.Delete(ctx, "/nodepool-tf/launchers/a/alive/"+leases[0], -1))
	mine := must[store.Document](t)(b.Take(ctx, seen(t, b, "a"), "w"))
	bad.arm(loseReply, 1)
	if err := a.Put(ctx, "w", typical()); !errors.Is(err, store.ErrLease) {
		t.Errorf("put: %v", err)
	}
	bad.arm(loseReply, 1)
	if err := a.Remove(ctx, "w"); !errors.Is(err, store.ErrLease) {
		t.Errorf("remove: %v", err)
	}
	if !bad.happened() || !sameFiles(mine, must[store.Document](t)(b.Get(ctx, "w"))) {
		t.Error("changed by the one who lost it")
	}
	if _, err := b.Get(ctx, "nothing"); !errors.Is(err, zk.ErrNoNode) {
		t.Error(err)
	}
}

type loss string

const (
	loseReply   loss = "loss of the reply"
	loseRequest loss = "loss of the request"
)

// line stands between a client and a server. Once armed it cuts the connection at the n-th write from then on: before
// the server gets it, or when the server has answered.
type line struct {
	Addrs []string // two, because the client pauses before it tries the only one again

	mu    sync.Mutex
	what  loss
	left  int   // writes until it happens, 0 for never
	xid   int32 // of the write whose reply is lost
	conns []net.Conn
}

func (l *line) arm(what loss, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.what, l.left = what, n
}

func (l *line) happened() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.left == 0
}

func badLine(tb testing.TB, target string) *line {
	tb.Helper()
	l := &line{}
	var wg sync.WaitGroup
	var listeners []net.Listener
	for range 2 {
		listener := must[net.Listener](tb)(net.Listen("tcp", "127.0.0.1:0"))
		listeners = append(listeners, listener)
		l.Addrs = append(l.Addrs, listener.Addr().String())
		wg.Go(func() {
			for {
				client, err := listener.Accept()
				if err != nil {
					return
				}
				server, err := net.Dial("tcp", target)
				if err != nil {
					_ = client.Close()
					continue
				}
				l.mu.Lock()
				l.conns = append(l.conns, client, server)
				l.mu.Unlock()
				wg.Go(func() { l.pass(server, client, l.request) })
				wg.Go(func() { l.pass(client, server, l.reply) })
			}
		})
	}
	tb.Cleanup(func() {
		for _, listener := range listeners {
			_ = listener.Close()
		}
		l.mu.Lock()
		for _, c := range l.conns {
			_ = c.Close()
		}
		l.mu.Unlock()
		wg.Wait()
	})
	return l
}

// pass passes packets on until good says no. The first one is the handshake.
func (l *line) pass(to, from net.Conn, good func(packet []byte) bool) {
	defer to.Close()
	defer from.Close()
	for first := true; ; first = false {
		var size [4]byte
		if _, err := io.ReadFull(from, size[:]); err != nil {
			return
		}
		packet := make([]byte, 4+binary.BigEndian.Uint32(size[:]))
		copy(packet, size[:])
		if _, err := io.ReadFull(from, packet[4:]); err != nil {
			return
		}
		if !first && !good(packet) {
			return
		}
		if _, err := to.Write(packet); err != nil {
			return
		}
	}
}

func (l *line) request(packet []byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	xid, op := int32(binary.BigEndian.Uint32(packet[4:])), binary.BigEndian.Uint32(packet[8:])
	write := op == 1 || op == 2 || op == 5 || op == 14 // create, delete, set, multi
	if !write || l.left == 0 {
		return true
	}
	if l.left > 1 {
		l.left--
		return true
	}
	if l.what == loseRequest {
		l.left = 0
		return false
	}
	l.xid = xid
	return true
}

func (l *line) reply(packet []byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left == 1 && l.what == loseReply && l.xid == int32(binary.BigEndian.Uint32(packet[4:])) && l.xid != 0 {
		l.left, l.xid = 0, 0
		return false
	}
	return true
}
