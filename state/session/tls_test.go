package session_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

func TestMutualTLS(t *testing.T) {
	ctx := t.Context()
	certs, stranger := newCerts(t), newCerts(t)
	srv := zktest.Start(t, zkserver.Options{TLS: certs})

	good, err := session.LoadTLS(certs.ClientCert, certs.ClientKey, certs.CA)
	if err != nil {
		t.Fatal(err)
	}
	s := zktest.Connect(t, session.Options{Servers: []string{srv.Addr}, TLS: good, Chroot: "/tls"})
	if _, err := s.Create(ctx, "/x", nil, 0); err != nil {
		t.Error(err)
	}

	for name, files := range map[string][3]string{
		"the server refuses our certificate":   {stranger.ClientCert, stranger.ClientKey, certs.CA},
		"we refuse the server's certificate":   {certs.ClientCert, certs.ClientKey, stranger.CA},
		"both certificates are from elsewhere": {stranger.ClientCert, stranger.ClientKey, stranger.CA},
	} {
		config, err := session.LoadTLS(files[0], files[1], files[2])
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := connectOnce(t, session.Options{Servers: []string{srv.Addr}, TLS: config})
			if err == nil {
				t.Fatal("connected")
			}
			t.Log(err)
		})
	}
	t.Run("a plain client", func(t *testing.T) {
		t.Parallel()
		if err := connectOnce(t, session.Options{Servers: []string{srv.Addr}}); err == nil {
			t.Error("connected")
		}
	})
}

// connectOnce gives a connection that should fail a few tries.
func connectOnce(t *testing.T, o session.Options) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitRefused)
	defer cancel()
	s, err := session.Connect(ctx, o)
	if err == nil {
		s.Close()
	}
	return err
}

func TestLoadTLSErrorsNameTheFile(t *testing.T) {
	certs := newCerts(t)
	junk := filepath.Join(t.TempDir(), "junk.pem")
	if err := os.WriteFile(junk, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ cert, key, ca, want string }{
		{"/absent/cert", certs.ClientKey, certs.CA, "/absent/cert"},
		{certs.ClientCert, "/absent/key", certs.CA, "/absent/key"},
		{certs.ClientCert, certs.ClientKey, "/absent/ca", "/absent/ca"},
		{certs.ClientCert, certs.ClientKey, junk, junk},
		{junk, certs.ClientKey, certs.CA, junk},
	} {
		if _, err := session.LoadTLS(c.cert, c.key, c.ca); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestIPv6(t *testing.T) {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("CI needs IPv6: %v", err)
		}
		t.Skipf("NOT RUN: no IPv6 on this machine: %v", err)
	}
	_ = l.Close()
	srv := zktest.Start(t, zkserver.Options{Host: "::1"})
	if !strings.HasPrefix(srv.Addr, "[::1]:") {
		t.Fatal(srv.Addr)
	}
	s := zktest.Connect(t, session.Options{Servers: []string{srv.Addr}})
	if _, _, err := s.Children(t.Context(), "/"); err != nil {
		t.Error(err)
	}
}

func newCerts(t *testing.T) *zkserver.Certs {
	t.Helper()
	certs, err := zkserver.NewCerts(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return certs
}
