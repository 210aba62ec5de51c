package keyscan

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/crypto/ssh"
)

// handshakeLimit bounds one key exchange. A peer that accepts and says nothing is most often a
// machine that is just rebooting; the next attempt finds out.
const handshakeLimit = 10 * time.Second

// algorithms are the host key algorithms by key kind, in the order of the result. RSA keys have
// three signature algorithms and one key type.
var algorithms = [][]string{
	{ssh.KeyAlgoED25519},
	{ssh.KeyAlgoECDSA256},
	{ssh.KeyAlgoECDSA384},
	{ssh.KeyAlgoECDSA521},
	{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSA},
}

func allAlgorithms() []string {
	var all []string
	for _, a := range algorithms {
		all = append(all, a...)
	}
	return all
}

// errGotKey ends a handshake once the key is known: nothing here ever logs in.
var errGotKey = errors.New("have the host key")

// handshake does one key exchange that accepts only the given host key algorithms and closes
// conn. It returns the key, whose possession the server has proved, and the host key algorithms
// that the server announced (nil when they could not be read).
func handshake(ctx context.Context, conn net.Conn, target string, accept []string) (ssh.PublicKey, []string, error) {
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	limit := time.Now().Add(handshakeLimit)
	if end, ok := ctx.Deadline(); ok && end.Before(limit) {
		limit = end
	}
	if err := conn.SetDeadline(limit); err != nil {
		return nil, nil, fmt.Errorf("SSH handshake: %w", err)
	}
	if ctx.Err() != nil { // SetDeadline above may have undone the AfterFunc
		return nil, nil, fmt.Errorf("SSH handshake: %w", ctx.Err())
	}

	heard := &recorder{Conn: conn}
	var key ssh.PublicKey
	_, _, _, err := ssh.NewClientConn(heard, target, &ssh.ClientConfig{
		User:              "nodepool",
		HostKeyAlgorithms: accept,
		HostKeyCallback: func(_ string, _ net.Addr, k ssh.PublicKey) error {
			key = k
			return errGotKey
		},
	})
	if key != nil {
		offered, _ := hostKeyAlgorithms(heard.bytes())
		return key, offered, nil
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil {
		err = ctx.Err()
	}
	if err == nil { // not reachable with a client that always aborts; a nil error must not pass as success
		err = errors.New("no host key was presented")
	}
	return nil, nil, fmt.Errorf("SSH handshake: %w", err)
}

// line is the form that the node record and known_hosts want. RSA keys always say ssh-rsa.
func line(key ssh.PublicKey) string {
	return key.Type() + " " + base64.StdEncoding.EncodeToString(key.Marshal())
}
