package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// command is what runs on the node.
const command = `echo "hello from $(hostname), as $(id -un)"; set -- $SSH_CONNECTION; echo "through the sshd at $3 port $4"`

// login runs a command on a node and shows what it prints. The server must show one of the host
// keys of the node record.
func login(ctx context.Context, show *screen, n *record.Node, key ssh.Signer) error {
	port, _ := n.Port()
	target := net.JoinHostPort(n.InterfaceIP, strconv.Itoa(port))
	start := time.Now()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", target)
	if err != nil {
		return fmt.Errorf("log into node %s: %w", n.ID, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()

	var shown string
	var algorithms []string
	for _, k := range n.HostKeys {
		algorithms = append(algorithms, strings.Fields(k)[0])
	}
	c, channels, requests, err := ssh.NewClientConn(conn, target, &ssh.ClientConfig{
		User: n.Username, Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyAlgorithms: algorithms,
		HostKeyCallback: func(_ string, _ net.Addr, k ssh.PublicKey) error {
			if !slices.Contains(n.HostKeys, k.Type()+" "+base64.StdEncoding.EncodeToString(k.Marshal())) {
				return fmt.Errorf("host key %s is not in node record %s", ssh.FingerprintSHA256(k), n.ID)
			}
			shown = ssh.FingerprintSHA256(k)
			return nil
		},
	})
	if err != nil {
		return fmt.Errorf("log into node %s as %s: %w", n.ID, n.Username, err)
	}
	client := ssh.NewClient(c, channels, requests)
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return fmt.Errorf("open a session on node %s: %w", n.ID, err)
	}
	out, err := session.CombinedOutput(command)
	if err != nil {
		return fmt.Errorf("run a command on node %s: %w\n%s", n.ID, err, out)
	}
	show.flush()
	show.fact("ssh", "node %s, host key %s, in %s", n.ID, shown, ms(time.Since(start)))
	for line := range strings.Lines(string(out)) {
		show.fact("", "%s", strings.TrimSpace(line))
	}
	return nil
}
