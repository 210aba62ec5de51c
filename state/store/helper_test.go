package store_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/state/store"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

// patient is long enough for a connection to be cut and come back on a busy machine.
const patient = 30 * time.Second

func must[T any](tb testing.TB) func(T, error) T {
	return func(v T, err error) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// open is a Store with a session of its own, in the chroot of the test.
func open(tb testing.TB, id string) *store.Store {
	tb.Helper()
	st, _ := openWith(tb, store.Options{ID: id})
	return st
}

func openWith(tb testing.TB, o store.Options) (*store.Store, *session.Session) {
	tb.Helper()
	s := connect(tb)
	return must[*store.Store](tb)(store.Open(tb.Context(), s, o)), s
}

// ownServers has the addresses of servers that one test has for itself, by its name.
var ownServers sync.Map

// ownServer gives a test a server of its own. Those of large documents need it: a server keeps its last 500
// transactions in memory, and the shared one has 256 MiB for all tests together.
func ownServer(tb testing.TB) {
	tb.Helper()
	ownServers.Store(tb.Name(), zktest.Start(tb, zkserver.Options{}).Addr)
}

// connect is zktest.Session on the server of the test.
func connect(tb testing.TB) *session.Session {
	tb.Helper()
	top, sub, _ := strings.Cut(tb.Name(), "/")
	addr, ok := ownServers.Load(top)
	if !ok {
		return zktest.Session(tb)
	}
	return zktest.Connect(tb, session.Options{Servers: []string{addr.(string)}, Chroot: "/chroot-" + sub})
}

// seen is a launcher as another one lists it, with its id alone when it is not there.
func seen(tb testing.TB, st *store.Store, id string) store.Launcher {
	tb.Helper()
	others, err := st.Others(tb.Context())
	if err != nil {
		tb.Error(err)
	}
	for _, o := range others {
		if o.ID == id {
			return o
		}
	}
	return store.Launcher{ID: id}
}

func key(tb testing.TB, secret string) *store.Key {
	tb.Helper()
	return must[*store.Key](tb)(store.NewKey(secret, []byte("tree")))
}

// typical is a document as an ordinary launch writes it: a record of 2 kB and a state of 3 kB.
func typical() store.Document {
	var record, state strings.Builder
	record.WriteString(`{"format":3,"slots":[`)
	for i := 0; record.Len() < 2000; i++ {
		fmt.Fprintf(&record, `{"slot":"n%010d-%d","request":"300-%010d","module":"%016x","created":%d.25},`, i, i, i*7, rand.Uint64(), 1_700_000_000+i)
	}
	state.WriteString(`{"version":4,"terraform_version":"1.11.4","serial":7,"lineage":"7e0cf6ae-c4a1-2ba1-9a1e-d5a6ba5b4a2c","resources":[`)
	for i := 0; state.Len() < 3000; i++ {
		fmt.Fprintf(&state, `{"mode":"managed","module":"module.n%010d","type":"cloud_instance","name":"node","provider":"provider[\"registry.terraform.io/x/cloud\"]",`+
			`"instances":[{"schema_version":0,"attributes":{"id":"i-%016x","ip":"10.0.0.%d","image":"debian","tags":{"node":"%010d"}},"sensitive_attributes":[]}]},`,
			i, rand.Uint64(), i, i)
	}
	return store.Document{
		Provider: "cloud", Engine: "terraform", Base: "0123456789abcdef", Serial: 7,
		Run:   &store.Run{Kind: "create", Within: 90 * time.Minute},
		Files: map[string][]byte{"record.json": []byte(record.String()), "terraform.tfstate": []byte(state.String())},
	}
}

// chunked is the size of a document in four chunks.
const chunked = 800_000

// large is a document with a file of so many bytes that cannot be compressed.
func large(size int) store.Document {
	noise := rand.NewChaCha8([32]byte{byte(size)})
	data := make([]byte, size)
	_, _ = noise.Read(data)
	return store.Document{Provider: "cloud", Engine: "terraform", Serial: 1, Files: map[string][]byte{"terraform.tfstate": data}}
}

func sameFiles(a, b store.Document) bool {
	if len(a.Files) != len(b.Files) {
		return false
	}
	for name, data := range a.Files {
		if other, ok := b.Files[name]; !ok || !bytes.Equal(data, other) {
			return false
		}
	}
	return true
}
