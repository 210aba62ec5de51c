package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
)

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.123: "0.12", 1.5: "1.5", 9.999: "10", 12.34: "12.3", 123.4: "123", 999.6: "1,000", 4365: "4,365", 10_000: "10,000", 1234567: "1,234,567", -1234: "-1,234"} {
		if got := Number(v); got != want {
			t.Errorf("%v is written %s, want %s", v, got, want)
		}
	}
}

// A scale keeps every value between its ends, and has marks there.
func TestScale(t *testing.T) {
	for _, log := range []bool{false, true} {
		for _, values := range [][]float64{{0}, {0.3, 7}, {12, 4365}, {100, 100}, {1, 10_000}} {
			s := newScale(log, values, 100, 500)
			if len(s.marks) < 2 || len(s.marks) > 8 {
				t.Errorf("log %v, values %v: marks %v", log, values, s.marks)
			}
			for _, v := range append(values, s.marks...) {
				if at := s.at(v); at < 100-1e-9 || at > 500+1e-9 {
					t.Errorf("log %v, values %v: %v is at %v", log, values, v, at)
				}
			}
		}
	}
}

// The picture is well-formed, escapes what it is given, and nothing lies outside of it.
func TestPicture(t *testing.T) {
	p := Picture{Title: `a < b & "c"`, Legend: []Key{{"ours", 0}}, Notes: []string{"one", "two"}, Panels: []Panel{
		Bars{Title: "bars", Axis: "ms", Log: true, Bars: []Bar{{Label: "x & y", Value: 3, High: 9}, {Label: "none"}}},
		Lines{Title: "lines", XAxis: "nodes", YAxis: "ms", Lines: []Line{{Label: "far", Points: []Point{{0, 1}, {10_000, 2}}}, {Dashed: true, Points: []Point{{0, 5}, {10, 5}}}, {}}},
		Bars{Title: "nothing was measured"},
	}}
	svg := p.SVG()
	texts := map[string]bool{}
	tall := 0.0
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		if data, ok := token.(xml.CharData); ok {
			texts[strings.TrimSpace(string(data))] = true
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		for _, a := range start.Attr {
			v, err := strconv.ParseFloat(a.Value, 64)
			switch {
			case a.Name.Local == "d" && strings.Contains(a.Value, "NaN"), err == nil && v != v:
				t.Errorf("not a number: %v", start)
			case start.Name.Local == "svg" && a.Name.Local == "height":
				tall = v
			case err == nil && (a.Name.Local == "x" || a.Name.Local == "cx") && (v < 0 || v > width):
				t.Errorf("beside the picture: %v", start)
			case err == nil && (a.Name.Local == "y" || a.Name.Local == "cy") && (v < 0 || v > tall):
				t.Errorf("above or below the picture, which is %v tall: %v", tall, start)
			}
		}
	}
	for _, want := range []string{`a < b & "c"`, "x & y", "far", "two", "10,000", "nothing was measured"} {
		if !texts[want] {
			t.Errorf("the picture does not say %q", want)
		}
	}
}
