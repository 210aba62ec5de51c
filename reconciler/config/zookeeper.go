package config

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// ZooKeeper says where the ensemble is and how to speak to it.
type ZooKeeper struct {
	Servers []Server
	// TLS is nil for a plain connection.
	TLS     *TLSFiles
	Timeout time.Duration
}

// Server is one member of the ensemble.
type Server struct {
	Host   string
	Port   int
	Chroot string
}

// TLSFiles are the PEM paths of a mutual TLS connection.
type TLSFiles struct{ Cert, Key, CA string }

// Addresses returns host:port of each server, IPv6 literals in brackets.
func (z ZooKeeper) Addresses() []string {
	var out []string
	for _, s := range z.Servers {
		host := strings.TrimSuffix(strings.TrimPrefix(s.Host, "["), "]")
		out = append(out, net.JoinHostPort(host, strconv.Itoa(s.Port)))
	}
	return out
}

// ChrootPath returns the one chroot of the ensemble, "" for none. As kazoo cuts
// the joined server string at its first slash, only two spellings mean what
// they say: the same chroot on every server, or one on the last server only
// (protocol.md 1.1). Anything else is an error.
func (z ZooKeeper) ChrootPath() (string, error) {
	if len(z.Servers) == 0 {
		return "", nil
	}
	chroots := make([]string, len(z.Servers))
	last := len(z.Servers) - 1
	same, onlyLast := true, true
	for i, s := range z.Servers {
		path, err := cleanChroot(s.Chroot)
		if err != nil {
			return "", fmt.Errorf("zookeeper-servers[%d].chroot: %w", i, err)
		}
		chroots[i] = path
		same = same && path == chroots[0]
		onlyLast = onlyLast && (i == last || path == "")
	}
	if !same && !onlyLast {
		return "", errors.New("zookeeper-servers: give the same chroot on every server, or one on the last server only")
	}
	return chroots[last], nil
}

func cleanChroot(s string) (string, error) {
	s = strings.TrimSuffix(s, "/")
	if s == "" {
		return "", nil
	}
	if !strings.HasPrefix(s, "/") {
		return "", fmt.Errorf("%q must begin with a slash", s)
	}
	for _, part := range strings.Split(s[1:], "/") {
		if part == "" || part == "." || part == ".." || strings.ContainsAny(part, ",\x00") {
			return "", fmt.Errorf("%q is not a ZooKeeper path", s)
		}
	}
	return s, nil
}

// Check reports why a daemon could not connect with these settings: no servers,
// an ambiguous chroot, TLS files missing or unreadable. Loading only warns about
// these (config-reference E-ZK: a start error).
func (z ZooKeeper) Check() error {
	if len(z.Servers) == 0 {
		return errors.New("zookeeper-servers: no server is given")
	}
	if _, err := z.ChrootPath(); err != nil {
		return err
	}
	if z.TLS == nil {
		return nil
	}
	if missing := z.TLS.missing(); len(missing) > 0 {
		return fmt.Errorf("zookeeper-tls: %s not given; cert, key and ca are all needed", strings.Join(missing, ", "))
	}
	if err := z.TLS.readable(); err != nil {
		return fmt.Errorf("zookeeper-tls: %w", err)
	}
	return nil
}

func (t *TLSFiles) missing() []string {
	var out []string
	for _, f := range t.files() {
		if f.path == "" {
			out = append(out, f.key)
		}
	}
	return out
}

// readable opens each given file once.
func (t *TLSFiles) readable() error {
	for _, f := range t.files() {
		if f.path == "" {
			continue
		}
		file, err := os.Open(f.path)
		if err != nil {
			return fmt.Errorf("%s: cannot read the file: %w", f.key, err)
		}
		file.Close()
	}
	return nil
}

type tlsFile struct{ key, path string }

func (t *TLSFiles) files() []tlsFile {
	return []tlsFile{{"cert", t.Cert}, {"key", t.Key}, {"ca", t.CA}}
}
