package keyscan

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// packet builds a server's first bytes: banner and SSH_MSG_KEXINIT with the given lists.
func packet(banner string, lists ...string) []byte {
	body := append([]byte{4, msgKexInit}, make([]byte, 16)...)
	for _, l := range lists {
		body = binary.BigEndian.AppendUint32(body, uint32(len(l)))
		body = append(body, l...)
	}
	body = append(body, 0, 0, 0, 0) // padding
	out := binary.BigEndian.AppendUint32([]byte(banner), uint32(len(body)))
	return append(out, body...)
}

func TestHostKeyAlgorithms(t *testing.T) {
	cases := []struct {
		name   string
		stream []byte
		want   []string
	}{
		{"plain", packet("SSH-2.0-x\r\n", "curve25519-sha256", "rsa-sha2-512,ssh-ed25519"), []string{"rsa-sha2-512", "ssh-ed25519"}},
		{"lines before the version", packet("hello\nworld\r\nSSH-2.0-x\n", "a", "b"), []string{"b"}},
		{"no kex list", packet("SSH-2.0-x\n", "", "b"), []string{"b"}},
		{"empty list", packet("SSH-2.0-x\n", "a", ""), nil},
		{"cut short", packet("SSH-2.0-x\n", "a", "bcdef")[:40], nil},
		{"no version", packet("hello\n", "a", "b"), nil},
		{"nothing", nil, nil},
		{"a list longer than the packet", append(packet("SSH-2.0-x\n", "a"), "\xff\xff\xff\xff"...), nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := hostKeyAlgorithms(c.stream)
			if diff := cmp.Diff(c.want, got); diff != "" || (err == nil) != (c.want != nil) {
				t.Errorf("error %v, names (-want +got):\n%s", err, diff)
			}
		})
	}
}

func FuzzHostKeyAlgorithms(f *testing.F) {
	f.Add(packet("SSH-2.0-OpenSSH_9.2\r\n", "curve25519-sha256", "ssh-ed25519,rsa-sha2-512"))
	f.Add([]byte("SSH-2.0-x\n\x00\x00\x00\x00\x00\x14"))
	f.Add([]byte("HTTP/1.1 400\n\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		names, err := hostKeyAlgorithms(stream)
		if (err == nil) != (len(names) > 0) {
			t.Fatalf("error %v with names %q", err, names)
		}
		if !strings.Contains(string(stream), strings.Join(names, ",")) {
			t.Fatalf("names %q are not in the stream", names)
		}
	})
}
