package dashboard

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestTexts(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{word("small"), "small"},
		{word("a\x1b[31mred\nline"), `a\x1b[31mred\nline`},
		{word("left\u202eright"), `left\u202eright`},
		{word("bad\xffbyte"), `bad\xffbyte`},
		{word(strings.Repeat("x", 300)), strings.Repeat("x", maxWord) + "…"},
		{block("a\n\tb\x00"), "a\n\tb\\x00"},
		{count(0), "0"}, {count(999), "999"}, {count(1000), "1\u202f000"}, {count(1234567), "1\u202f234\u202f567"}, {count(-1000), "-1\u202f000"},
		{amount(4), "4"}, {amount(2.25), "2.2"},
		{ago(-time.Second), "0s"}, {ago(59 * time.Second), "59s"}, {ago(61 * time.Second), "1m 01s"}, {ago(2*time.Hour + 5*time.Minute), "2h 05m"}, {ago(51 * time.Hour), "2d 03h"},
		{tally([]string{"a", "b", "a"}), "a ×2, b"}, {tally(nil), ""},
		{plural(1, "node", "nodes"), "1 node"}, {plural(1200, "node", "nodes"), "1\u202f200 nodes"},
	} {
		if c.got != c.want {
			t.Errorf("%q, not %q", c.got, c.want)
		}
	}
}

func TestMoments(t *testing.T) {
	still, live := clock{now: noon}, clock{now: noon, live: true}
	seconds := float64(noon.Unix())
	for _, c := range []struct {
		name  string
		m     *Moment
		text  string
		ahead bool
	}{
		{"past", still.moment(noon.Add(-90 * time.Second)), "1m 30s", false},
		{"future", still.moment(noon.Add(1500 * time.Millisecond)), "in 2s", true},
		{"in the stream", live.moment(noon.Add(-90 * time.Second)), "", false},
		{"of a record", still.unix(seconds - 3), "3s", false},
		{"of a clock that is ahead", still.unix(seconds + 100), "0s", false},
		{"of a clock that is ahead, in the stream", live.unix(seconds + 100), "", false},
	} {
		if c.m.Text != c.text || c.m.Ahead != c.ahead {
			t.Errorf("%s: %q %v", c.name, c.m.Text, c.m.Ahead)
		}
	}
	for _, none := range []*Moment{still.moment(time.Time{}), still.unix(0), still.unix(-1), still.unix(math.NaN()), still.unix(math.Inf(1)), still.unix(1e300)} {
		if none != nil {
			t.Errorf("%v is a time", none)
		}
	}
}

func TestBars(t *testing.T) {
	for _, c := range []struct {
		name  string
		whole float64
		parts []part
		want  string
	}{
		{"nothing", 0, nil, ""},
		{"half", 10, []part{{"a", 5}}, "a 0% 50%"},
		{"full of parts", 0, []part{{"a", 1}, {"b", 3}}, "a 0% 25%, b 25% 75%"},
		{"more than there is", 2, []part{{"a", 3}, {"b", 1}}, "a 0% 75%, b 75% 25%"},
		{"one of many is seen", 0, []part{{"a", 99999}, {"b", 1}}, "a 0% 99.4%, b 99.4% 0.6%"},
		{"nonsense", math.NaN(), []part{{"a", -1}}, ""},
		{"no end", math.Inf(1), []part{{"a", 1}}, ""},
	} {
		var got []string
		for _, s := range newBar("", c.whole, c.parts...).Segments {
			got = append(got, s.Class+" "+s.X+" "+s.Width)
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: %s, not %s", c.name, s, c.want)
		}
	}
}
