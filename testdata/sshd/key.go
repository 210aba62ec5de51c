package sshd

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"fmt"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
)

// HostKey returns the public line, "<type> <base64>", of the private host key in file, which is made where it is
// missing. kind is ed25519, p256, p384, p521 or rsa.
func HostKey(file, kind string) (string, error) {
	if data, err := os.ReadFile(file); err == nil {
		signer, err := ssh.ParsePrivateKey(data)
		if err != nil {
			return "", err
		}
		return line(signer), nil
	}
	private, err := generate(kind)
	if err != nil {
		return "", err
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return "", err
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return "", err
	}
	return line(signer), os.WriteFile(file, pem.EncodeToMemory(block), 0o600)
}

func generate(kind string) (private any, err error) {
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
		err = fmt.Errorf("no key kind %q", kind)
	}
	return private, err
}

func line(s ssh.Signer) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.PublicKey())))
}
