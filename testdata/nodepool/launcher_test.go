package nodepool_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/testdata/nodepool"
	"github.com/nodepool-tf/nodepool-tf/testdata/requestor"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

func TestMain(m *testing.M) { zktest.Main(m) }

// python is the environment with Nodepool in it. Where it cannot be made the test says that
// Nodepool was not run; in CI that is a failure.
func python(t *testing.T) string {
	t.Helper()
	path, err := nodepool.Venv(t.Context(), "")
	if errors.Is(err, nodepool.ErrUnavailable) && os.Getenv("CI") == "" {
		t.Skipf("NOT RUN: nothing was tried against Nodepool itself: %v", err)
	}
	check(t, err)
	return path
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A request is served by the fake driver, the node goes when it was used, and the launcher leaves
// nothing behind; so with a chroot too.
func TestServes(t *testing.T) {
	python := python(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	certs, err := zkserver.NewCerts(t.TempDir())
	check(t, err)
	srv := zktest.Start(t, zkserver.Options{TLS: certs})
	tls := [3]string{certs.ClientCert, certs.ClientKey, certs.CA}
	for _, chroot := range []string{"", "/ci"} {
		t.Run("chroot "+chroot, func(t *testing.T) {
			tc, err := session.LoadTLS(tls[0], tls[1], tls[2])
			check(t, err)
			s, err := session.Connect(ctx, session.Options{Servers: []string{srv.Addr}, Chroot: chroot, TLS: tc, Logger: slog.New(slog.DiscardHandler)})
			check(t, err)
			defer s.Close()
			zuul, err := requestor.New(ctx, s, nil)
			check(t, err)
			defer zuul.Close()
			l, err := nodepool.Start(ctx, python, t.TempDir(), nodepool.Options{Servers: []string{srv.Addr}, Chroot: chroot, TLS: tls, Provider: "python", Labels: []string{"py"}})
			check(t, err)
			defer l.Kill()
			id, err := zuul.Submit(ctx, "acme", "py")
			check(t, err)
			req, err := zuul.Wait(ctx, id)
			check(t, err)
			if req.State != record.RequestFulfilled {
				t.Fatalf("request is %s\n%s", req.State, l.Log())
			}
			held, err := zuul.Accept(ctx, req)
			check(t, err)
			check(t, zuul.Set(ctx, held, record.NodeInUse))
			check(t, zuul.Return(ctx, held))
			check(t, zuul.WaitNode(ctx, req.Nodes[0]))
			check(t, l.Stop(ctx))
			for _, kind := range []string{"pool", "launcher"} {
				left, _, err := s.Children(ctx, "/nodepool/components/"+kind)
				check(t, err)
				if len(left) > 0 {
					t.Errorf("still registered as %s: %v", kind, left)
				}
			}
			if strings.Contains(l.Log(), "Traceback") {
				t.Error(l.Log())
			}
		})
	}
}

func TestBadConfigurationIsReported(t *testing.T) {
	python := python(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := nodepool.Start(ctx, python, t.TempDir(), nodepool.Options{Servers: []string{"127.0.0.1:1"}, Provider: "python"})
	if err == nil || !strings.Contains(err.Error(), "TypeError") {
		t.Fatalf("start without labels: %v; want Nodepool's own exception", err)
	}
}
