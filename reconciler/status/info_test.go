package status

import (
	"math"
	"testing"
)

func TestAmount(t *testing.T) {
	for n, want := range map[float64]any{4e6: int64(4_000_000), 0: int64(0), 0.5: 0.5, math.Inf(1): math.Inf(1)} {
		if got := amount(n); got != want {
			t.Errorf("%v: %v (%T)", n, got, got)
		}
	}
}
