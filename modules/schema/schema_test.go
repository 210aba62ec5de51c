package schema

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestSubstitute(t *testing.T) {
	env := []string{"NODEPOOL_A=1", "NODEPOOL_AB=x%(NODEPOOL_A)", "HOME=/root", "NODEPOOL_=e", "XNODEPOOL_A=no", "NODEPOOL_M=a\nb", "NODEPOOL_A=2", "broken"}
	for in, want := range map[string]string{
		"":                              "",
		"a: %(NODEPOOL_A)":              "a: 2",
		"%(NODEPOOL_A)%(NODEPOOL_A)":    "22",
		"%(NODEPOOL_AB)":                "x%(NODEPOOL_A)", // one pass only
		"%(%(NODEPOOL_A))":              "%(2)",
		"%(HOME) %(XNODEPOOL_A)":        "%(HOME) %(XNODEPOOL_A)",
		"%(NODEPOOL_NONE) %(NODEPOOL_)": "%(NODEPOOL_NONE) e",
		"# %(NODEPOOL_M)":               "# a\nb",
		"%(NODEPOOL_A":                  "%(NODEPOOL_A",
		"%(":                            "%(",
		"100%":                          "100%",
		"%(NODEPOOL_A)s":                "2s",
		"%( NODEPOOL_A)":                "%( NODEPOOL_A)",
	} {
		if got := string(Substitute([]byte(in), env)); got != want {
			t.Errorf("%q: got %q want %q", in, got, want)
		}
	}
	bomb := Substitute([]byte(strings.Repeat("%(NODEPOOL_B)", 1000)), []string{"NODEPOOL_B=" + strings.Repeat("y", 100_000)})
	if len(bomb) != MaxSize+1 {
		t.Errorf("substitution made %d bytes", len(bomb))
	}
}

// TestHostile: files made to cost time or memory give one clear error.
func TestHostile(t *testing.T) {
	fill := func(s string) string { return strings.Repeat(s, MaxSize/8/len(s)) }
	var merges, chain, bomb strings.Builder
	merges.WriteString("a: &a {")
	for i := range 50_000 {
		fmt.Fprintf(&merges, "k%d: 1, ", i)
	}
	merges.WriteString("}\nb:\n" + strings.Repeat("- {<<: *a}\n", 10_000))
	chain.WriteString("a0: &a0 [1]\n")
	bomb.WriteString("a0: &a0 [1]\n")
	for i := 1; i < 5_000; i++ {
		fmt.Fprintf(&chain, "a%d: &a%d [*a%d]\n", i, i, i-1)
		fmt.Fprintf(&bomb, "a%d: &a%d [*a%d, *a%d]\n", i, i, i-1, i-1)
	}
	for name, c := range map[string]struct{ doc, want string }{
		"large":    {strings.Repeat("a", 10<<20), "larger than 4 MiB"},
		"flow":     {fill("["), "nested more than 100 deep"},
		"flow map": {fill("{"), "nested more than 100 deep"},
		"block":    {fill("- "), "nested more than 100 deep"},
		"keys":     {fill("? "), "nested more than 100 deep"},
		"merges":   {merges.String(), "merges repeat too much"},
		"chain":    {chain.String(), "aliases nest"},
		"bomb":     {bomb.String(), "aliases repeat too much"},
		"nul":      {"a: b\n" + fill("\x00")[5:], "not text in UTF-8"},
		"latin":    {"a: b\nc: d\xe4\n", "not text in UTF-8"},
		"elf":      {"\x7fELF\x01\xff", "not text in UTF-8"},
		"tokens":   {fill("%("), "not valid YAML"},
		"quotes":   {fill("\""), "not valid YAML"},
		"tags":     {fill("!a "), "not valid YAML"},
		"docs":     {fill("---\n"), "second YAML document"},
		"tab":      {"a:\n\tb: 1\n", "use spaces"},
	} {
		v, issues := Parse("f", []byte(c.doc))
		if v != nil || len(issues) != 1 || issues[0].Severity != Error || issues[0].Code != "E-YAML" || !strings.Contains(issues[0].Text, c.want) {
			t.Errorf("%s: %v %.300v", name, v != nil, issues)
		}
	}
	if v, issues := Parse("f", []byte(fill("a: 1\n"))); v == nil || len(issues) != maxDuplicates {
		t.Errorf("duplicates: %d issues", len(issues))
	}
	_, issues := Parse("f", []byte("a: b\nc: d\xe4\n"))
	if got := issues[0].String(); !strings.HasPrefix(got, "f:2:5: E-YAML: ") {
		t.Error(got)
	}
}

// TestNoQuotes: what the parser says never quotes the file.
func TestNoQuotes(t *testing.T) {
	for _, doc := range []string{
		"a: *tops3cret", "a: !tops3cret b", "a: !!int tops3cret", "a: !!float 'tops3cret'", "a: !tops3cret!x b", "a: !!binary tops3cret",
		"%TAG !tops3cret! x\n%TAG !tops3cret! y\n--- a", "%tops3cret\n---\n", "a: \"\\tops3cret", "a: 'tops3cret", "tops3cret: [", "a: &tops3cret [*tops3cret]",
		"a: @tops3cret", "tops3cret\nb: c", "a: |tops3cret", "? [tops3cret]\n: a", "'tops3cret!': 1\n'tops3cret!': 2\n",
	} {
		_, issues := Parse("f", []byte(doc))
		if len(issues) == 0 && !strings.Contains(doc, "%tops") {
			t.Errorf("%q: nothing said", doc)
		}
		for _, i := range issues {
			if strings.Contains(i.String(), "tops3cret") {
				t.Errorf("%q: %s", doc, i)
			}
		}
	}
}

func TestPositions(t *testing.T) {
	v, _ := Parse("f", []byte("a: 1\nb:\n  - c: x\n    'd': [y, z]\n"))
	r := NewReport("f", Validate, nil)
	m, _ := r.Root(v).Mapping()
	item, _ := m.List("b")[0].Mapping()
	for _, f := range item.List("d") {
		f.Warn("W", "here")
	}
	item.Missing("E", "e", "not there")
	item.Done()
	m.Done()
	var got []string
	for _, i := range r.Issues() {
		got = append(got, i.String())
	}
	want := []string{
		"f:1:1: a: E-KEY: unknown option a (known here: b)",
		"f:3:5: b[0].e: E: not there",
		"f:3:5: b[0].c: E-KEY: unknown option c (known here: d)",
		"f:4:11: b[0].d[0]: W: here",
		"f:4:14: b[0].d[1]: W: here",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

func TestNearest(t *testing.T) {
	known := []string{"max-servers", "max-cores", "listen_address", "name", "ca"}
	for word, want := range map[string]string{
		"max-server": "max-servers", "max_servers": "max-servers", "MaxServers": "max-servers", "listen-address": "listen_address",
		"nmae": "name", "names": "name", "max-cpus": "", "zzz": "", "": "", "---": "", "x": "", "ac": "ca", strings.Repeat("n", 100_000): "",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("%.20s: got %q want %q", word, got, want)
		}
	}
}

// TestRedaction: the value of a substituted variable is in no text and no path,
// whatever quoting or cutting does to it.
func TestRedaction(t *testing.T) {
	for _, secret := range []string{"sesame-open", `se"same\open`, strings.Repeat("sesame", 30), "line one\nsecond line", "x${open}y"} {
		r := NewReport("f", Validate, map[string]string{"NODEPOOL_X": secret})
		v := &Value{Kind: Map, Entries: []Entry{{Key: strings.Repeat("k", 55) + secret, KeyKind: String, Value: &Value{Kind: String, Text: secret}}}}
		m, _ := r.Root(v).Mapping()
		m.Rest(func(_ string, f Field) { f.Error("E", "found %s", secret) })
		m.Done()
		for _, i := range r.Issues() {
			for _, line := range strings.Split(secret, "\n") {
				if strings.Contains(i.String(), line[:6]) {
					t.Errorf("%q is told: %s", secret, i)
				}
			}
		}
	}
}

func TestManyIssues(t *testing.T) {
	r := NewReport("f", Load, nil)
	for range 5000 {
		r.Add(Issue{Code: "W"})
		r.Add(Issue{Code: "E", Severity: Error})
	}
	got := r.Issues()
	if len(got) != 2*maxIssues+1 || got[len(got)-1].Code != "W-MORE" || !HasErrors(got) {
		t.Errorf("%d issues", len(got))
	}
}

// FuzzParse: any bytes give a value or errors, never a panic, and the value can
// be read in every way.
func FuzzParse(f *testing.F) {
	for _, doc := range []string{"a: 1\n", "a: &x [1, *x]", "{<<: {a: 1}, b: !!int '014'}", "a: 'b\n- c", "? a\n: |\n  b\n", "%YAML 1.1\n---\n1:30", "\xff\xfe", "a: %(NODEPOOL_X)", "<<: [{a: b}, *c]"} {
		f.Add([]byte(doc), "value")
	}
	f.Fuzz(func(t *testing.T, data []byte, value string) {
		text := Substitute(data, []string{"NODEPOOL_X=" + value})
		v, issues := Parse("f", text)
		if HasErrors(issues) != (v == nil && len(issues) > 0) {
			t.Fatalf("value %v with issues %v", v != nil, issues)
		}
		if v == nil {
			return
		}
		r := NewReport("f", Load, nil)
		r.Root(v).Tree()
		r.Root(v).Leaves(func(f Field) {
			f.Str()
			f.Int()
			f.Bool()
			f.Number()
			f.Seconds()
			f.Text()
			f.Strings()
			if _, ok := f.Mapping(); ok {
				t.Fatal("a leaf is a mapping")
			}
		})
		if m, ok := r.Root(v).Mapping(); ok {
			m.Each(func(string, Field) {})
			m.Done()
		}
	})
}
