package zuul_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
	"github.com/nodepool-tf/nodepool-tf/testdata/zuul"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// python is the environment with Zuul in it. Where it cannot be made the test says that Zuul's
// own code was not run; in CI that is a failure.
func python(t *testing.T) string {
	t.Helper()
	path, err := zuul.Venv(t.Context(), "")
	if errors.Is(err, zuul.ErrUnavailable) && os.Getenv("CI") == "" {
		t.Skipf("NOT RUN: nothing was tried against Zuul's own code: %v", err)
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

// Zuul's client reaches ZooKeeper in each way that we must share with it, and its request looks
// as protocol.md 2.1 says.
func TestZuulSubmits(t *testing.T) {
	python := python(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	certs, err := zkserver.NewCerts(t.TempDir())
	check(t, err)
	for _, c := range []struct {
		name, chroot string
		certs        *zkserver.Certs
	}{{"plain", "", nil}, {"chroot", "/ci", nil}, {"mutual TLS", "", certs}} {
		t.Run(c.name, func(t *testing.T) {
			server, err := zkserver.Start(ctx, t.TempDir(), zkserver.Options{TLS: c.certs})
			check(t, err)
			defer server.Stop()
			opts := zuul.Options{Hosts: server.Addr + c.chroot}
			if c.certs != nil {
				opts.TLS = [3]string{c.certs.ClientCert, c.certs.ClientKey, c.certs.CA}
			}
			driver, err := zuul.Start(ctx, python, opts)
			check(t, err)
			defer func() { check(t, driver.Close()) }()
			submitAndCancel(ctx, t, driver)
		})
	}
}

func submitAndCancel(ctx context.Context, t *testing.T, driver *zuul.Driver) {
	t.Helper()
	var sent struct{ Request string }
	check(t, driver.Do(ctx, "submit", map[string]any{"labels": []string{"a", "b"}, "priority": 100, "relative_priority": 7}, &sent))
	if sent.Request != "100-0000000000" {
		t.Errorf("request id %q", sent.Request)
	}
	var read struct {
		Record  map[string]json.RawMessage
		Version int
	}
	check(t, driver.Do(ctx, "read", map[string]any{"request": sent.Request}, &read))
	want := []string{"created_time", "event_id", "node_types", "provider", "relative_priority", "requestor", "requestor_data", "state", "state_time", "tenant_name"}
	var got []string
	for key := range read.Record {
		got = append(got, key)
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("Zuul writes %q", got)
	}
	if string(read.Record["requestor"]) != `"`+driver.SystemID+`"` || string(read.Record["node_types"]) != `["a", "b"]` {
		t.Errorf("requestor %s, node_types %s", read.Record["requestor"], read.Record["node_types"])
	}

	var revised struct{ Revised bool }
	waitCached := time.Now().Add(10 * time.Second) // Zuul revises what its cache shows
	for !revised.Revised && time.Now().Before(waitCached) {
		check(t, driver.Do(ctx, "revise", map[string]any{"request": sent.Request, "relative_priority": 3}, &revised))
	}
	if !revised.Revised {
		t.Error("priority was not revised")
	}

	waited := make(chan error, 1) // a command that waits must not hold up others
	var state struct{ State string }
	go func() {
		waited <- driver.Do(ctx, "wait", map[string]any{"request": sent.Request, "states": []string{"gone"}}, &state)
	}()
	check(t, driver.Do(ctx, "cancel", map[string]any{"request": sent.Request}, nil))
	if err := <-waited; err != nil || state.State != "gone" {
		t.Errorf("wait for a cancelled request: %q, %v", state.State, err)
	}
}

// kazoo's lock as Zuul uses it, held by a Zuul that dies, is free once its session is over.
func TestKazooLockOfADeadZuul(t *testing.T) {
	python := python(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	server, err := zkserver.Start(ctx, t.TempDir(), zkserver.Options{})
	check(t, err)
	defer server.Stop()
	first, err := zuul.Start(ctx, python, zuul.Options{Hosts: server.Addr})
	check(t, err)
	second, err := zuul.Start(ctx, python, zuul.Options{Hosts: server.Addr})
	check(t, err)
	defer func() { check(t, second.Close()) }()

	lock := map[string]any{"path": "/nodepool/nodes/0000000000/lock"}
	var held struct{ Held bool }
	check(t, first.Do(ctx, "lock", lock, &held))
	if !held.Held {
		t.Fatal("a free lock was not given")
	}
	check(t, second.Do(ctx, "lock", lock, &held))
	if held.Held {
		t.Fatal("one lock, two holders")
	}
	check(t, first.Kill())
	check(t, second.Do(ctx, "lock", map[string]any{"path": lock["path"], "timeout": 60}, &held))
	if !held.Held {
		t.Error("the lock outlived its holder's session")
	}
}

func TestDriverErrors(t *testing.T) {
	python := python(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	server, err := zkserver.Start(ctx, t.TempDir(), zkserver.Options{})
	check(t, err)
	defer server.Stop()
	driver, err := zuul.Start(ctx, python, zuul.Options{Hosts: server.Addr})
	check(t, err)
	if err := driver.Do(ctx, "accept", map[string]any{"request": "200-0000000009"}, nil); err == nil || !strings.Contains(err.Error(), "KeyError") {
		t.Errorf("accept of an unknown request: %v; want Zuul's own exception", err)
	}
	if err := driver.Do(ctx, "no-such", nil, nil); err == nil {
		t.Error("an unknown command succeeded")
	}
	check(t, driver.Close())
	if err := driver.Do(ctx, "nodes", nil, nil); err == nil {
		t.Error("a command to a closed driver succeeded")
	}
	if _, err := zuul.Start(ctx, python, zuul.Options{Hosts: server.Addr, TLS: [3]string{"/none", "/none", "/none"}}); err == nil || !strings.Contains(err.Error(), "/none") {
		t.Errorf("start with missing certificates: %v; want Python's message", err)
	}
}
