package dashboard

import (
	"bytes"
	"context"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
)

var update = flag.Bool("update", false, "write what comes out into the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// source shows one snapshot, until it is given another.
type source struct {
	mu   sync.Mutex
	s    *status.Snapshot
	asks int
}

func (s *source) Snapshot(context.Context) (*status.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asks++
	return s.s, nil
}

func (s *source) show(next *status.Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.s = next
}

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil { //nolint:gosec // a file of the repository
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// logged is a log to look into.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newLog() (*logged, *slog.Logger) {
	l := &logged{}
	return l, slog.New(slog.NewTextHandler(l, nil))
}
