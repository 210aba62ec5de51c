package dashboard

import (
	"net/url"
	"testing"

	"pgregory.net/rapid"
)

// The address of a query leads to that query, whatever is in it.
func TestQueryRoundTrip(t *testing.T) {
	texts := rapid.StringN(0, 20, maxText).Filter(func(s string) bool { return plain(s) == s })
	rapid.Check(t, func(t *rapid.T) {
		q := Query{
			State: rapid.SampledFrom([]string{"", "ready", "in-use"}).Draw(t, "state"), Provider: texts.Draw(t, "provider"), Label: texts.Draw(t, "label"),
			Text: texts.Draw(t, "text"), Sort: rapid.SampledFrom([]string{"", "age", "state"}).Draw(t, "sort"), Descending: rapid.Bool().Draw(t, "desc"),
			Page: rapid.IntRange(0, 1000).Draw(t, "page"), RequestPage: rapid.IntRange(0, 1000).Draw(t, "rpage"),
		}
		u, err := url.Parse(q.URL())
		if err != nil {
			t.Fatal(err)
		}
		if got := parseQuery(u.Query()); got != q {
			t.Fatalf("%+v became %+v", q, got)
		}
	})
}

func TestQueryOfNonsense(t *testing.T) {
	for _, raw := range []string{"state=gone&sort=password&page=0&rpage=-3", "page=99999999999999999999&page=2", "q=a%1bb&label=%E2%80%AE", "state=ready%00", "%zz&;;&=&sort=id"} {
		v, _ := url.ParseQuery(raw)
		if q := parseQuery(v); q != (Query{}) {
			t.Errorf("%s: %+v", raw, q)
		}
	}
}

func TestSortedBy(t *testing.T) {
	q := Query{Page: 3, State: "ready"}
	for _, c := range []struct {
		column string
		want   Query
	}{
		{"age", Query{State: "ready", Sort: "age"}},
		{"age", Query{State: "ready", Sort: "age", Descending: true}},
		{"age", Query{State: "ready", Sort: "age"}},
		{"id", Query{State: "ready"}},
		{"id", Query{State: "ready", Descending: true}},
	} {
		if q = q.sortedBy(c.column); q != c.want {
			t.Errorf("by %s: %+v, not %+v", c.column, q, c.want)
		}
	}
}
