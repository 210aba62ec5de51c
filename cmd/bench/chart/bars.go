package chart

// Bars compares single values.
type Bars struct {
	Title, Subtitle string
	Axis            string // what the values are, with their unit
	Log             bool
	Bars            []Bar
}

// Bar is one of them. High, unless 0, is drawn as a whisker.
type Bar struct {
	Label  string
	Text   string // beside the bar, the value when empty
	Series int
	Value  float64
	High   float64
}

func (b Bars) head() (title, subtitle string) { return b.Title, b.Subtitle }

func (b Bars) draw(c *canvas, a area) {
	const foot, right = 36, 74
	left := 60.0
	var values []float64
	for _, bar := range b.Bars {
		left = max(left, textWidth(bar.Label)+10)
		values = append(values, bar.Value, bar.High)
	}
	s := newScale(b.Log, values, a.x+left, a.x+a.w-right)
	bottom := a.y + a.h - foot
	for _, v := range s.marks {
		c.line("grid", s.at(v), a.y, s.at(v), bottom)
		c.text(s.at(v), bottom+15, "muted", "middle", Number(v))
	}
	c.text((s.from+s.to)/2, bottom+31, "muted", "middle", b.Axis)
	step := (bottom - a.y) / float64(max(len(b.Bars), 1))
	thick := min(step*0.62, 24)
	for i, bar := range b.Bars {
		y := a.y + (float64(i)+0.5)*step
		end := s.at(bar.Value)
		c.text(a.x+left-8, y+4, "label", "end", bar.Label)
		c.add(`<rect class="f%d" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2"/>`, bar.Series, s.from, y-thick/2, max(end-s.from, 1), thick)
		if high := s.at(bar.High); bar.High > bar.Value && high-end > 1 {
			c.line("axis thin", end, y, high, y)
			c.line("axis thin", high, y-4, high, y+4)
			end = high
		}
		text := bar.Text
		if text == "" {
			text = Number(bar.Value)
		}
		c.text(end+7, y+4, "label", "start", text)
	}
	c.line("axis", s.from, a.y, s.from, bottom)
}
