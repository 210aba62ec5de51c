// Package chart draws a few plain charts as one SVG, readable on light and on dark pages. It knows nothing of what is
// drawn; only cmd/bench imports it.
package chart

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
)

// Picture is charts side by side, two in a row.
type Picture struct {
	Title, Subtitle string
	Legend          []Key
	Panels          []Panel
	Notes           []string // lines below
}

// Key is an entry of the legend. Series are numbered from 0 and give things their colour.
type Key struct {
	Name   string
	Series int
}

// Panel is one chart.
type Panel interface {
	head() (title, subtitle string)
	draw(c *canvas, a area)
}

// Sizes, in units that are pixels at the picture's natural size.
const (
	width     = 980
	margin    = 24
	gutter    = 40
	panelTall = 250
	headTall  = 46 // of a panel
	lineTall  = 17
)

type area struct{ x, y, w, h float64 }

// Colours of the series, on light and on dark pages.
var colours = [][2]string{{"#0969da", "#58a6ff"}, {"#bc4c00", "#f0883e"}, {"#9a6700", "#d8b04a"}, {"#8250df", "#bc8cff"}}

// SVG draws the picture.
func (p *Picture) SVG() []byte {
	c := &canvas{}
	top := float64(margin + 76)
	rows := (len(p.Panels) + 1) / 2
	tall := top + float64(rows)*(headTall+panelTall+gutter) + float64(len(p.Notes))*lineTall + margin/2
	c.add(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %.0f" width="%d" height="%.0f" role="img" aria-label="%s">`, width, tall, width, tall, html.EscapeString(p.Title))
	c.add("%s", style())
	c.add(`<rect class="page" width="%d" height="%.0f" rx="8"/>`, width, tall)
	c.text(margin, margin+14, "title", "start", p.Title)
	c.text(margin, margin+34, "muted", "start", p.Subtitle)
	x := float64(margin)
	for _, k := range p.Legend {
		c.add(`<rect class="f%d" x="%.1f" y="%d" width="12" height="12" rx="2"/>`, k.Series, x, margin+44)
		c.text(x+17, margin+54, "label", "start", k.Name)
		x += 17 + textWidth(k.Name) + 22
	}
	wide := float64(width-2*margin-gutter) / 2
	for i, panel := range p.Panels {
		x := margin + float64(i%2)*(wide+gutter)
		y := top + float64(i/2)*(headTall+panelTall+gutter)
		title, subtitle := panel.head()
		c.text(x, y+18, "head", "start", title)
		c.text(x, y+34, "muted", "start", subtitle)
		panel.draw(c, area{x, y + headTall, wide, panelTall})
	}
	for i, note := range p.Notes {
		c.text(margin, tall-margin/2-float64(len(p.Notes)-1-i)*lineTall-4, "muted", "start", note)
	}
	c.add("</svg>")
	return c.buf.Bytes()
}

func style() string {
	var b strings.Builder
	theme := func(i int) {
		page := []string{"#ffffff", "#0d1117"}[i]
		ink, faint, grid := []string{"#1f2328", "#e6edf3"}[i], []string{"#59636e", "#9198a1"}[i], []string{"#dfe3e8", "#2a313a"}[i]
		fmt.Fprintf(&b, ".page{fill:%s}text{fill:%s}.muted{fill:%s}.grid{stroke:%s}.axis{stroke:%s}.ring{fill:%s}\n", page, ink, faint, grid, faint, page)
		for s, colour := range colours {
			fmt.Fprintf(&b, ".f%d{fill:%s}.s%d{stroke:%s}\n", s, colour[i], s, colour[i])
		}
	}
	b.WriteString("<style>\ntext{font:12px system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif}\n.title{font-size:18px;font-weight:600}.head{font-size:14px;font-weight:600}.muted{font-size:11.5px}\n" +
		".grid,.axis{stroke-width:1}.line{fill:none;stroke-width:2.2;stroke-linejoin:round}.thin{stroke-width:1.4}.dash{stroke-dasharray:5 4}.ring{stroke-width:2.2}\n")
	theme(0)
	b.WriteString("@media (prefers-color-scheme:dark){\n")
	theme(1)
	b.WriteString("}\n</style>")
	return b.String()
}

// canvas collects elements.
type canvas struct{ buf bytes.Buffer }

func (c *canvas) add(format string, args ...any) { fmt.Fprintf(&c.buf, format+"\n", args...) }

func (c *canvas) text(x, y float64, class, anchor, s string) {
	if s != "" {
		c.add(`<text class="%s" x="%.1f" y="%.1f" text-anchor="%s">%s</text>`, class, x, y, anchor, html.EscapeString(s))
	}
}

func (c *canvas) line(class string, x1, y1, x2, y2 float64) {
	c.add(`<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, class, x1, y1, x2, y2)
}

// textWidth is about how wide a label is: nobody here can ask the font.
func textWidth(s string) float64 { return 6.4 * float64(len([]rune(s))) }

// Number is a value with three digits that matter, thousands set apart.
func Number(v float64) string {
	a := math.Abs(v)
	digits := 0
	switch {
	case a == 0 || a >= 99.95:
	case a >= 9.995:
		digits = 1
	default:
		digits = 2
	}
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if digits > 0 {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	whole, rest, fraction := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction {
		return whole + "." + rest
	}
	return whole
}
