package books

import (
	"fmt"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// TestPaging walks through a listing while things go and come.
func TestPaging(t *testing.T) {
	b := start(t)
	var ids []string
	for n := range 300 {
		ids = append(ids, b.make(t, api.InstanceSpec{Tags: map[string]string{"parity": fmt.Sprint(n % 2)}}, nil).ID)
	}
	var got []string
	for marker := ""; ; {
		page, err := b.List("acme", marker, 40, map[string]string{"parity": "1"})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range page.Items {
			got = append(got, i.ID)
		}
		if marker = page.Next; marker == "" {
			break
		}
		// The marker itself, and one that was not listed yet.
		for _, id := range []string{marker, ids[len(got)*2+21]} {
			if _, err := b.Delete("acme", id, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	seen := map[string]bool{}
	for _, id := range got {
		if seen[id] {
			t.Errorf("%s is listed twice", id)
		}
		seen[id] = true
	}
	bill := b.Bill("acme")
	if len(got) != 147 || bill.Alive != 294 {
		t.Errorf("%d listed, %d alive", len(got), bill.Alive)
	}
	if _, err := b.List("acme", "nonsense", 10, nil); status(err) != 400 {
		t.Errorf("bad marker: %v", err)
	}
	if h := b.History("acme", map[string]string{"parity": ""}); len(h) != 6 || h[0].State != api.Gone || h[0].Deleted.IsZero() {
		t.Errorf("history %+v", h)
	}
}

// TestAddressesDiffer: those of instances that follow each other do, and they are loopback's.
func TestAddressesDiffer(t *testing.T) {
	seen := map[string]bool{}
	for seq := range uint32(5000) {
		for _, block := range []byte{64, 128} {
			seen[address(block, seq<<9)] = true
		}
	}
	if len(seen) != 10000 {
		t.Errorf("%d addresses", len(seen))
	}
	if a := address(64, 1<<22-1); a != "127.127.255.255" {
		t.Errorf("last address %s", a)
	}
}
