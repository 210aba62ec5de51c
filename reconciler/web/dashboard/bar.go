package dashboard

import (
	"math"
	"strconv"
)

// Bar is a picture of parts of a whole.
type Bar struct {
	Segments []Segment
	Label    string // what it says, in words
}

// Segment is one part. X and Width are in percent.
type Segment struct {
	Class    string
	X, Width string
}

// part is a share of a bar before it is scaled.
type part struct {
	class string
	size  float64
}

// leastWidth is how narrow a part is drawn at least: one failed node of ten thousand must be seen.
const leastWidth = 0.6

// newBar scales parts to a whole, which is at least their sum. A whole of 0 is an empty bar.
func newBar(label string, whole float64, parts ...part) Bar {
	b := Bar{Label: label}
	sum := 0.0
	for _, p := range parts {
		sum += max(0, p.size)
	}
	whole = max(whole, sum)
	if !(whole > 0) || math.IsInf(whole, 0) {
		return b
	}
	var widths []float64
	total := 0.0
	for _, p := range parts {
		w := 0.0
		if p.size > 0 {
			w = max(leastWidth, 100*p.size/whole)
		}
		widths = append(widths, w)
		total += w
	}
	x, scale := 0.0, min(1, 100/max(total, 1e-9))
	for i, w := range widths {
		if w > 0 {
			b.Segments = append(b.Segments, Segment{parts[i].class, percent(x), percent(w * scale)})
		}
		x += w * scale
	}
	return b
}

func percent(f float64) string { return strconv.FormatFloat(math.Round(f*100)/100, 'f', -1, 64) + "%" }
