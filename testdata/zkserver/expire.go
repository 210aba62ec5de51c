package zkserver

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// opCloseSession is ZooKeeper's request code for ending a session.
const opCloseSession = -11

// ExpireSession ends the session of the newest client at the server, behind the
// client's back: it learns of it when it connects again. It works by taking the
// session over with the password seen in the handshake. Plain connections only.
func (p *Proxy) ExpireSession(ctx context.Context) error {
	p.mu.Lock()
	hello := p.hello
	p.mu.Unlock()
	if hello == nil {
		return errors.New("expire session: nobody connected")
	}
	id, password, err := hello.credentials()
	if err == nil {
		err = closeSession(ctx, p.target, id, password)
	}
	if err != nil {
		return fmt.Errorf("expire session: %w", err)
	}
	return nil
}

// closeSession speaks just enough of the protocol: connect with an old session,
// close it.
func closeSession(ctx context.Context, addr string, id uint64, password []byte) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	hello := binary.BigEndian.AppendUint32(nil, 0)       // version
	hello = binary.BigEndian.AppendUint64(hello, 0)      // last zxid seen
	hello = binary.BigEndian.AppendUint32(hello, 30_000) // timeout
	hello = binary.BigEndian.AppendUint64(hello, id)     // session
	hello = binary.BigEndian.AppendUint32(hello, 16)     // password
	goodbye := binary.BigEndian.AppendUint32(nil, 1)     // xid
	code := int32(opCloseSession)                        //
	goodbye = binary.BigEndian.AppendUint32(goodbye, uint32(code))
	for _, packet := range [][]byte{append(hello, password...), goodbye} {
		framed := binary.BigEndian.AppendUint32(nil, uint32(len(packet)))
		if _, err := conn.Write(append(framed, packet...)); err != nil {
			return err
		}
		var length [4]byte
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(length[:]))); err != nil {
			return err
		}
	}
	return nil
}

// recorded keeps the first bytes that are read: the server's handshake.
type recorded struct {
	net.Conn
	mu   sync.Mutex
	head []byte
}

// handshakeLen is length, version, timeout, session, password length, password.
const handshakeLen = 4 + 4 + 4 + 8 + 4 + 16

func (r *recorded) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	r.mu.Lock()
	defer r.mu.Unlock()
	if missing := handshakeLen - len(r.head); missing > 0 {
		r.head = append(r.head, b[:min(n, missing)]...)
	}
	return n, err
}

func (r *recorded) credentials() (id uint64, password []byte, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.head) < handshakeLen {
		return 0, nil, errors.New("no handshake was seen")
	}
	return binary.BigEndian.Uint64(r.head[12:]), r.head[24:], nil
}
