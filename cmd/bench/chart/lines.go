package chart

import (
	"fmt"
	"math"
	"strings"
)

// Lines shows how values change with a size, which is drawn logarithmically with a place for 0.
type Lines struct {
	Title, Subtitle string
	XAxis, YAxis    string
	Log             bool // the values
	Lines           []Line
}

// Line is one of them.
type Line struct {
	Series int
	Label  string // beside its last point
	Dashed bool   // not measured at each size, but known to be the same
	Points []Point
}

// Point is a value at a size.
type Point struct{ X, Y float64 }

func (l Lines) head() (title, subtitle string) { return l.Title, l.Subtitle }

func (l Lines) draw(c *canvas, a area) {
	const left, right, foot = 66, 88, 36
	bottom := a.y + a.h - foot
	var values []float64
	most := 10.0
	for _, line := range l.Lines {
		for _, p := range line.Points {
			values, most = append(values, p.Y), max(most, p.X)
		}
	}
	y := newScale(l.Log, values, bottom, a.y)
	place := func(x float64) float64 {
		return a.x + left + math.Log10(1+x)/math.Log10(1+most)*(a.w-left-right)
	}
	for _, v := range y.marks {
		c.line("grid", a.x+left, y.at(v), a.x+a.w-right, y.at(v))
		c.text(a.x+left-7, y.at(v)+4, "muted", "end", Number(v))
	}
	for x := 0.0; x <= most; x = max(x*10, 10) {
		c.line("axis", place(x), bottom, place(x), bottom+4)
		c.text(place(x), bottom+16, "muted", "middle", Number(x))
	}
	c.line("axis", a.x+left, bottom, a.x+a.w-right, bottom)
	c.text(a.x+left+(a.w-left-right)/2, bottom+32, "muted", "middle", l.XAxis)
	c.add(`<text class="muted" text-anchor="middle" transform="translate(%.1f %.1f) rotate(-90)">%s</text>`, a.x+10, (a.y+bottom)/2, l.YAxis)
	var labels []float64
	for _, line := range l.Lines {
		if len(line.Points) == 0 {
			continue
		}
		var path strings.Builder
		for i, p := range line.Points {
			fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(i, 1)], place(p.X), y.at(p.Y))
		}
		class := ""
		if line.Dashed {
			class = " dash"
		}
		c.add(`<path class="line s%d%s" d="%s"/>`, line.Series, class, path.String())
		for _, p := range line.Points {
			if !line.Dashed {
				c.add(`<circle class="ring s%d" cx="%.1f" cy="%.1f" r="3.6"/>`, line.Series, place(p.X), y.at(p.Y))
			}
		}
		last := line.Points[len(line.Points)-1]
		x, at := place(last.X)+9, y.at(last.Y)+4
		if last.X < most { // above its end, clear of lines that go on
			x, at = place(last.X)-8, at-13
		}
		for _, other := range labels { // two labels must not lie on each other
			if math.Abs(other-at) < 13 {
				at = other - 13
			}
		}
		labels = append(labels, at)
		c.text(x, at, "label", "start", line.Label)
	}
}
