package cloud_test

import (
	"strconv"
	"sync"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// TestKilledUnderLoad: what was answered is in the books after each kill; what was not may be.
func TestKilledUnderLoad(t *testing.T) {
	c := start(t)
	const clients = 8
	answered := make([]map[string]bool, clients)
	tries := make([]int, clients)
	for round := range 3 {
		var wg sync.WaitGroup
		busy := make(chan struct{}, 1000*clients)
		for n := range clients {
			wg.Go(func() {
				client := c.Client("")
				if answered[n] == nil {
					answered[n] = map[string]bool{}
				}
				for {
					tries[n]++
					i, err := create(t, client, map[string]string{"client": strconv.Itoa(n)})
					if err != nil {
						return
					}
					answered[n][i.ID] = true
					select {
					case busy <- struct{}{}:
					default:
					}
				}
			})
		}
		for range 100 * (round + 1) {
			<-busy
		}
		c.Kill()
		wg.Wait()
		if err := c.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for n, ids := range answered {
		there, err := c.Instances(t.Context(), "acme", map[string]string{"client": strconv.Itoa(n)})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range there {
			delete(ids, i.ID)
		}
		if len(ids) > 0 {
			t.Errorf("client %d: forgotten: %v", n, ids)
		}
		if len(there) > tries[n] {
			t.Errorf("client %d: %d instances of %d requests", n, len(there), tries[n])
		}
	}
}

// TestSameFolderSameCloud: started again, it has its address, its books and its settings.
func TestSameFolderSameCloud(t *testing.T) {
	dir := t.TempDir()
	c, err := cloud.Start(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Configure(t.Context(), "acme", api.Settings{Quota: api.Quota{Instances: 1}}); err != nil {
		t.Fatal(err)
	}
	i, err := create(t, c.Client(""), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cloud.Start(t.Context(), dir); err == nil {
		t.Error("two clouds run on the same books")
	}
	c.Kill()
	again, err := cloud.Start(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Stop()
	if again.Endpoint() != c.Endpoint() {
		t.Errorf("at %s, was at %s", again.Endpoint(), c.Endpoint())
	}
	all, err := again.Instances(t.Context(), "acme", nil)
	if err != nil || len(all) != 1 || all[0].ID != i.ID {
		t.Errorf("%+v %v", all, err)
	}
	if _, err := create(t, again.Client(""), nil); err == nil {
		t.Error("the quota is forgotten")
	}
	if err := again.Quota(t.Context(), "acme", api.Quota{}); err != nil {
		t.Fatal(err)
	}
	if err := again.Faults(t.Context(), "acme", api.Fault{Kind: api.Error, Count: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := create(t, again.Client(""), nil); err == nil {
		t.Error("no fault")
	}
	if err := again.Vanish(t.Context(), "acme", i.ID); err != nil {
		t.Fatal(err)
	}
	gone, err := again.History(t.Context(), "acme", nil)
	if err != nil || len(gone) != 1 || !gone[0].Vanished {
		t.Errorf("history %+v %v", gone, err)
	}
	if b := bill(t, again); !b.Balanced() || b.Vanished != 1 {
		t.Errorf("books %+v", b)
	}
}

// TestPause: a frozen cloud goes on where it was.
func TestPause(t *testing.T) {
	c := start(t)
	c.Pause()
	done := make(chan error)
	go func() {
		_, err := create(t, c.Client(""), nil)
		done <- err
	}()
	c.Resume()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
