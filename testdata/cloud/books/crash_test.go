package books

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// view is all that can be seen of the books.
type view struct {
	Bill      api.Books
	Instances []api.Instance
	History   []api.Instance
	Images    []api.Object
	Settings  api.Settings
}

func (b *bench) view(t *rapid.T) view {
	list, err := b.List("acme", "", 1000, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := view{b.Bill(""), list.Items, b.History("acme", nil), b.Objects("acme", api.Images, "", 1000, nil).Items, b.Settings("acme")}
	slices.SortFunc(v.History, func(x, y api.Instance) int { return strings.Compare(x.ID, y.ID) }) // of those that went at the same time any may be first
	v.Bill.InstanceSeconds = float64(int(v.Bill.InstanceSeconds*1000 + 0.5))                       // summed up in another order
	return v
}

// TestKilledAtAnyTime: after every step the books can be read back as they were.
func TestKilledAtAnyTime(t *testing.T) {
	fresh := t.TempDir
	rapid.Check(t, func(t *rapid.T) {
		dir := fresh()
		b, err := newBench(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { b.Close() }()
		some := func() string {
			list, _ := b.List("acme", "", 1000, nil)
			if len(list.Items) == 0 {
				return "none"
			}
			return rapid.SampledFrom(list.Items).Draw(t, "instance").ID
		}
		fault := rapid.SampledFrom([]*api.Fault{nil, nil, {Kind: api.Broken, Text: "x"}, {Kind: api.Vanish, After: 3 * time.Second}, {Kind: api.Stuck}})
		seconds := rapid.Map(rapid.IntRange(0, 20), func(n int) time.Duration { return time.Duration(n) * time.Second })
		check := func(err error) {
			if err != nil && status(err) == 0 {
				t.Fatal(err)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"create": func(t *rapid.T) {
				_, err := b.Create("acme", api.InstanceSpec{Image: "ubuntu", Flavor: "small", Tags: map[string]string{"a": "b"}}, fault.Draw(t, "fault"))
				check(err)
			},
			"delete": func(t *rapid.T) { _, err := b.Delete("acme", some(), fault.Draw(t, "fault")); check(err) },
			"vanish": func(*rapid.T) { check(b.Vanish("acme", some())) },
			"retag":  func(*rapid.T) { _, err := b.Retag("acme", some(), map[string]string{"c": "d"}); check(err) },
			"image": func(*rapid.T) {
				_, err := b.AddObject("acme", api.Object{Kind: api.Images, Name: "mine"})
				check(err)
			},
			"no image": func(t *rapid.T) {
				if all := b.Objects("acme", api.Images, "", 9, nil).Items; len(all) > 0 {
					check(b.DropObject("acme", api.Images, all[0].ID))
				}
			},
			"settings": func(t *rapid.T) {
				s := api.Settings{Quota: api.Quota{Instances: 9}, Pace: api.Pace{Boot: api.Delay{Fixed: seconds.Draw(t, "boot")}, Shutdown: api.Delay{Fixed: seconds.Draw(t, "shutdown")}}, Faults: []api.Fault{{Kind: api.Error, Count: 2}}}
				check(b.Change("acme", func(old *api.Settings) { *old = s }))
			},
			"plan":     func(*rapid.T) { _, _, err := b.Plan("acme", api.Instances, api.Create, "small"); check(err) },
			"time":     func(t *rapid.T) { b.at = b.at.Add(seconds.Draw(t, "passes")) },
			"snapshot": func(*rapid.T) { b.mu.Lock(); defer b.mu.Unlock(); check(b.snapshot()) },
			"": func(t *rapid.T) {
				before := b.view(t)
				if err := b.reopen(); err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(before, b.view(t), cmpopts.EquateEmpty()); d != "" {
					t.Fatalf("books changed (-before +after):\n%s", d)
				}
			},
		})
	})
}

// TestHalfALine: what was being written when the cloud was killed was answered to nobody and is dropped; a damaged line
// in the middle is not passed over.
func TestHalfALine(t *testing.T) {
	b := start(t)
	b.make(t, api.InstanceSpec{}, nil)
	path := journalPath(b.dir, b.head.Generation)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	put := func(data []byte) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(append(whole, whole[:len(whole)/2]...))
	if err := b.reopen(); err != nil {
		t.Fatal(err)
	}
	if bill := b.Bill(""); bill.Created != 1 {
		t.Errorf("books %+v", bill)
	}
	b.Close()
	if err := os.WriteFile(filepath.Join(b.dir, "snapshot"), []byte("{\"head\":{}}\n{\"inst\n{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.open(); err == nil {
		t.Error("a damaged snapshot was read")
	}
}

func TestTwoCloudsOneFolder(t *testing.T) {
	b := start(t)
	if _, err := Open(b.dir, time.Now); err == nil {
		t.Error("the books were opened twice")
	}
}

// TestLongJournal is replaced by a snapshot, and the folder does not fill.
func TestLongJournal(t *testing.T) {
	b := start(t)
	b.make(t, api.InstanceSpec{}, nil)
	b.journal.len = most
	b.make(t, api.InstanceSpec{}, nil)
	if b.journal.len != 1 {
		t.Errorf("%d lines", b.journal.len)
	}
	if err := b.reopen(); err != nil {
		t.Fatal(err)
	}
	if bill := b.Bill(""); bill.Alive != 2 {
		t.Errorf("books %+v", bill)
	}
	if files, _ := filepath.Glob(filepath.Join(b.dir, "*")); len(files) != 3 {
		t.Errorf("files %v", files)
	}
}

// TestUnwritable: a change that cannot be written down is not made.
func TestUnwritable(t *testing.T) {
	b := start(t)
	id := b.make(t, api.InstanceSpec{}, nil).ID
	b.journal.file.Close()
	if _, err := b.Create("acme", api.InstanceSpec{Image: "ubuntu", Flavor: "small"}, nil); err == nil || status(err) != 0 {
		t.Errorf("create: %v", err)
	}
	if _, err := b.Delete("acme", id, nil); err == nil {
		t.Error("deleted")
	}
	if bill := b.Bill(""); bill.Alive != 1 || bill.Created != 1 {
		t.Errorf("books %+v", bill)
	}
}
