package reconciler

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestScansOfASilentProvider: one whose machines never answer holds up nobody but itself.
func TestScansOfASilentProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScans()
		take := func(provider string) (giveBack func(), free bool) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			giveBack, err := s.take(ctx, provider)
			return giveBack, err == nil
		}
		// most takes turns until there is none, or there were as many as there are for all.
		most := func(provider string) (got int, last func()) {
			for got < maxScans {
				back, free := take(provider)
				if !free {
					break
				}
				got, last = got+1, back
			}
			return got, last
		}
		got, back := most("silent")
		if got != providerScans {
			t.Errorf("a silent provider has %d turns, not %d", got, providerScans)
		}
		if got, _ := most("other"); got != providerScans {
			t.Errorf("another has %d turns beside it, not %d", got, providerScans)
		}
		back()
		if _, free := take("silent"); !free {
			t.Error("a turn that was given back is not free")
		}
		if got, _ := most("third"); got != maxScans-2*providerScans {
			t.Errorf("a third has %d turns, of %d for all", got, maxScans)
		}
	})
}
