package keyscan

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"strings"
	"sync"
)

// maxRecorded is ample for a banner and the server's first packet, which all come in clear.
const maxRecorded = 16 << 10

// recorder keeps the first bytes that a peer sends.
type recorder struct {
	net.Conn
	mu   sync.Mutex
	seen []byte
}

func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.mu.Lock()
	if room := maxRecorded - len(r.seen); room > 0 {
		r.seen = append(r.seen, p[:min(n, room)]...)
	}
	r.mu.Unlock()
	return n, err
}

func (r *recorder) bytes() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return bytes.Clone(r.seen)
}

const msgKexInit = 20

var errNoKexInit = errors.New("no SSH_MSG_KEXINIT at the start of the stream")

// hostKeyAlgorithms reads server_host_key_algorithms out of the start of a server's byte
// stream: lines up to the one beginning with "SSH-", then one binary packet that must be
// SSH_MSG_KEXINIT (RFC 4253, 4.2, 6 and 7.1).
func hostKeyAlgorithms(stream []byte) ([]string, error) {
	for {
		end := bytes.IndexByte(stream, '\n')
		if end < 0 {
			return nil, errNoKexInit
		}
		version := bytes.HasPrefix(stream, []byte("SSH-"))
		stream = stream[end+1:]
		if version {
			break
		}
	}
	// packet length 4, padding length 1, message 1, cookie 16
	const head = 4 + 1 + 1 + 16
	if len(stream) < head || stream[5] != msgKexInit {
		return nil, errNoKexInit
	}
	length := binary.BigEndian.Uint32(stream)
	if length > maxRecorded || int(length) > len(stream)-4 {
		return nil, errNoKexInit
	}
	stream = stream[head : 4+max(int(length), head-4)]
	_, rest, ok := nameList(stream) // kex_algorithms
	if !ok {
		return nil, errNoKexInit
	}
	names, _, ok := nameList(rest)
	if !ok || len(names) == 0 {
		return nil, errNoKexInit
	}
	return names, nil
}

// nameList splits one RFC 4251 name-list off b.
func nameList(b []byte) (names []string, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := binary.BigEndian.Uint32(b)
	if uint64(n) > uint64(len(b)-4) {
		return nil, nil, false
	}
	if n > 0 {
		names = strings.Split(string(b[4:4+n]), ",")
	}
	return names, b[4+n:], true
}
