package keyscan_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

const sshdPath = "/usr/sbin/sshd"

// hostKey writes a private host key for sshd and returns its public line.
func hostKey(t *testing.T, file, kind string) string {
	t.Helper()
	var private any
	var err error
	switch kind {
	case "ed25519":
		_, private, err = ed25519.GenerateKey(rand.Reader)
	case "p256":
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "p384":
		private, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "p521":
		private, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "rsa":
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		t.Fatalf("no key kind %q", kind)
	}
	check(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	check(t, err)
	check(t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	signer, err := ssh.NewSignerFromKey(private)
	check(t, err)
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
}

// sshd starts OpenSSH's server with keys of the given kinds on port and returns their lines in
// the order given. It is stopped by pid when the test ends.
func sshd(t *testing.T, addr string, port int, kinds ...string) []string {
	t.Helper()
	if _, err := os.Stat(sshdPath); err != nil {
		t.Fatalf("%s is missing, install Debian's openssh-server: %v", sshdPath, err)
	}
	if os.Getuid() == 0 { // sshd as root wants its privilege separation folder
		check(t, os.MkdirAll("/run/sshd", 0o755))
	}
	dir := t.TempDir()
	args := []string{"-D", "-e", "-f", "/dev/null", "-o", "PidFile=none", "-o", "UsePAM=no",
		"-o", fmt.Sprintf("ListenAddress=%s", net.JoinHostPort(addr, fmt.Sprint(port)))}
	var lines []string
	for _, kind := range kinds {
		file := filepath.Join(dir, kind)
		lines = append(lines, hostKey(t, file, kind))
		args = append(args, "-h", file)
	}
	var log bytes.Buffer
	cmd := exec.Command(sshdPath, args...)
	cmd.Stderr = &log
	check(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("sshd says:\n%s", log.String())
		}
	})
	return lines
}

// freePort finds a port of addr that nobody listens on.
func freePort(t *testing.T, addr string) int {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(addr, "0"))
	check(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
