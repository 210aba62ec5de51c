package keyscan_test

import (
	"testing"

	"github.com/nodepool-tf/nodepool-tf/testdata/sshd"
)

// hostKey writes a private host key for sshd and returns its public line.
func hostKey(t *testing.T, file, kind string) string {
	t.Helper()
	line, err := sshd.HostKey(file, kind)
	check(t, err)
	return line
}

// openssh starts OpenSSH's server with keys of the given kinds on port and returns their lines in
// the order given. It is stopped when the test ends.
func openssh(t *testing.T, addr string, port int, kinds ...string) []string {
	t.Helper()
	s, err := sshd.Start(t.TempDir(), addr, port, kinds...)
	check(t, err)
	t.Cleanup(func() {
		if said := s.Stop(); t.Failed() {
			t.Logf("sshd says:\n%s", said)
		}
	})
	return s.Keys
}

func freePort(t *testing.T, addr string) int {
	t.Helper()
	port, err := sshd.FreePort(addr)
	check(t, err)
	return port
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
