package books

import (
	"errors"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// bench is books with a clock that tests move.
type bench struct {
	*Books
	dir string
	at  time.Time
}

func newBench(dir string) (*bench, error) {
	b := &bench{dir: dir, at: time.Unix(1_700_000_000, 0)}
	return b, b.open()
}

func (b *bench) open() error {
	books, err := Open(b.dir, func() time.Time { return b.at })
	if err == nil {
		b.Books = books
	}
	return err
}

// reopen does what follows a kill: nothing is written at the end.
func (b *bench) reopen() error {
	b.Close()
	return b.open()
}

func start(t *testing.T) *bench {
	t.Helper()
	b, err := newBench(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func (b *bench) make(t *testing.T, spec api.InstanceSpec, fault *api.Fault) api.Instance {
	t.Helper()
	if spec.Flavor == "" {
		spec.Flavor = "small"
	}
	spec.Image = "ubuntu"
	i, err := b.Create("acme", spec, fault)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func (b *bench) set(t *testing.T, s api.Settings) {
	t.Helper()
	if err := b.Change("acme", func(old *api.Settings) { *old = s }); err != nil {
		t.Fatal(err)
	}
}

// status of a refusal, 0 when err is none.
func status(err error) int {
	var p *api.StatusError
	if errors.As(err, &p) {
		return p.Status
	}
	return 0
}
