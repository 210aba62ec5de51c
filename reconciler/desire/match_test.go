package desire

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A matching is found exactly when trying all ways finds one, and gives each label an offer of its own.
func TestMatch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SampledFrom([]string{"a", "b", "c", "d"})
		offers := map[string][]int{}
		for _, n := range []string{"a", "b", "c", "d"} {
			offers[n] = rapid.SliceOfNDistinct(rapid.IntRange(0, 6), 0, 5, rapid.ID[int]).Draw(t, n)
		}
		labels := rapid.SliceOfN(names, 0, 6).Draw(t, "labels")
		chosen, ok := match(labels, func(l string) []int { return offers[l] })
		if want := possible(labels, offers, nil); ok != want {
			t.Fatalf("found %v, possible %v", ok, want)
		}
		for i, o := range chosen {
			if !slices.Contains(offers[labels[i]], o) || slices.Contains(chosen[:i], o) {
				t.Errorf("label %d got %d of %v", i, o, chosen)
			}
		}
	})
}

func possible(labels []string, offers map[string][]int, taken []int) bool {
	if len(labels) == 0 {
		return true
	}
	for _, o := range offers[labels[0]] {
		if !slices.Contains(taken, o) && possible(labels[1:], offers, append(slices.Clone(taken), o)) {
			return true
		}
	}
	return false
}
