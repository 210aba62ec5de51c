package option

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// house has one option of each kind.
type house struct {
	Name, Colour, Kind string
	Floors             int
	Rooms              *int
	Lit                bool
	Height, Rate       float64
	Wait               time.Duration
	Rest               map[string]any
	Tags               map[string]string
	Costs              map[string]float64
	Doors              Set[*door]
	Roof               *roof
}

type door struct {
	Name  string
	Lit   bool
	House *house
}

type roof struct{ Tiles int }

func (h *house) Options() Table {
	return Table{
		Name("name", &h.Name, "house").Need(Always),
		Str("colour", &h.Colour, "white").Among("white", "red").Also("color"),
		Str("kind", &h.Kind, "").Nullable(),
		Int("floors", &h.Floors, 1).Need(Validated),
		Count("rooms", &h.Rooms, nil).Need(Loaded),
		Bool("lit", &h.Lit, true),
		Num("height", &h.Height, 2.5),
		NumText("rate", &h.Rate, 1),
		Seconds("wait", &h.Wait, time.Minute),
		Dict("rest", &h.Rest),
		Texts("tags", &h.Tags).Inert("nobody reads tags"),
		Amounts("costs", "thing", &h.Costs, nil).Maps("money"),
		NamedEntries("doors", &h.Doors, "W-DUP", "door", func() *door { return &door{House: h} }),
		SubOrStr("roof", &h.Roof, func(string) *roof { return &roof{Tiles: -1} }),
	}
}

func (d *door) Options() Table {
	return Table{Name("name", &d.Name, "door"), Bool("lit", &d.Lit, d.House.Lit).From("house")}
}
func (d *door) EntryName() string { return d.Name }

func (r *roof) Options() Table { return Table{Int("tiles", &r.Tiles, 7)} }

func (r *roof) Check(m *schema.Mapping) { Exclude(m, "tiles", "straw") }

// read reads a house and returns what is said, by severity and code.
func read(t *testing.T, mode schema.Mode, text string) (*house, string) {
	t.Helper()
	v, issues := schema.Parse("f", []byte(text))
	if v == nil {
		t.Fatal(issues)
	}
	rep := schema.NewReport("f", mode, nil)
	m, _ := rep.Root(v).Mapping()
	h := &house{}
	Read(h, m)
	var said []string
	for _, i := range rep.Issues() {
		said = append(said, fmt.Sprintf("%s %s %s", i.Severity, i.Path, i.Code))
	}
	return h, strings.Join(said, "; ")
}

func TestRead(t *testing.T) {
	h, said := read(t, schema.Strict, `{name: n, color: red, kind: ~, floors: 2, rooms: 0, lit: false, height: 3, rate: "0.5", wait: 5, rest: {a: [1]},
  costs: {x: 3, y: -1}, doors: [{name: a}, {name: b, lit: true}, {name: a, lit: true}], roof: thatch}`)
	if said != "warning doors[2] W-DUP" {
		t.Error(said)
	}
	zero := 0
	if h.Rooms == nil || *h.Rooms != 0 {
		t.Error("0 rooms are not no answer")
	}
	want := &house{Name: "n", Colour: "red", Floors: 2, Rooms: &zero, Height: 3, Rate: .5, Wait: 5 * time.Second,
		Rest: map[string]any{"a": []any{int64(1)}}, Costs: map[string]float64{"x": 3, "y": 0}, Roof: &roof{-1}}
	if diff := cmp.Diff(fmt.Sprintf("%+v %v", *want, *want.Roof), fmt.Sprintf("%+v %v", withoutDoors(*h, want), *h.Roof)); diff != "" {
		t.Error(diff)
	}
	if a, ok := h.Doors.Get("a"); !ok || !a.Lit || !slices.Equal(h.Doors.Names(), []string{"a", "b"}) {
		t.Errorf("doors %v", h.Doors.Names())
	}
	if b, _ := h.Doors.Get("b"); b.House != h {
		t.Error("a door of another house")
	}
	if _, ok := h.Doors.Get("c"); ok {
		t.Error("a door that is not there")
	}
}

// withoutDoors makes houses comparable; pointers are those of want.
func withoutDoors(h house, want *house) house {
	h.Doors, h.Roof, h.Rooms = Set[*door]{}, want.Roof, want.Rooms
	return h
}

func TestSaid(t *testing.T) {
	for text, want := range map[string][3]string{ // Load, Validate, Strict
		"{name: n, floors: 1, rooms: 1}":                             {},
		"{}":                                                         {"error name E-REQ; warning floors E-REQ; error rooms E-REQ", "error name E-REQ; error floors E-REQ; warning rooms E-REQ", "error name E-REQ; error floors E-REQ; error rooms E-REQ"},
		"{name: '', floors: 1, rooms: 1}":                            {"error name E-REQ", "error name E-REQ", "error name E-REQ"},
		"{name: ~, floors: 1, rooms: 1}":                             {"error name E-REQ", "error name E-TYPE", "error name E-TYPE"},
		"{name: n, floors: 1, rooms: 1, colour: rde}":                {"error colour E-ENUM", "error colour E-ENUM", "error colour E-ENUM"},
		"{name: n, floors: 1, rooms: 1, wait: 0}":                    {"warning wait E-RANGE", "warning wait E-RANGE", "error wait E-RANGE"},
		"{name: n, floors: 1, rooms: 1, tags: {a: 1}}":               {"warning tags W-INERT", "warning tags W-INERT", "warning tags W-INERT"},
		"{name: n, floors: 1, rooms: 1, rate: fast}":                 {"error rate E-TYPE", "error rate E-TYPE", "error rate E-TYPE"},
		"{name: n, floors: 1, rooms: 1, height: '2'}":                {"warning height E-TYPE", "error height E-TYPE", "error height E-TYPE"},
		"{name: n, floors: 1, rooms: 1, roof: 3}":                    {"error roof E-TYPE", "error roof E-TYPE", "error roof E-TYPE"},
		"{name: n, floors: 1, rooms: 1, roof: {tiles: 1, til: 2}}":   {"warning roof.til E-KEY", "error roof.til E-KEY", "error roof.til E-KEY"},
		"{name: n, floors: 1, rooms: 1, roof: {tiles: 1, straw: 2}}": {"warning roof E-XOR; warning roof.straw E-KEY", "error roof E-XOR; error roof.straw E-KEY", "error roof E-XOR; error roof.straw E-KEY"},
	} {
		for mode, want := range want {
			if _, said := read(t, schema.Mode(mode), text); said != want {
				t.Errorf("%s in mode %d:\n got %s\nwant %s", text, mode, said, want)
			}
		}
	}
}

func TestList(t *testing.T) {
	var got []string
	for _, o := range List(&house{}) {
		got = append(got, fmt.Sprintf("%s %s %s %s %s %s", o.Path, o.Kind, o.Need, o.Default, o.From, o.Maps))
	}
	want := []string{
		"name str VL   ", "colour str  white  ", "kind str or null    ", "floors int V 1  ", "rooms int L   ", "lit bool  true  ", "height num  2.5  ",
		"rate num~  1  ", "wait int  60  ", "rest dict    ", "tags dict    ", "costs dict    money", "costs.<thing> int    money",
		"doors list    ", "doors[].name str    ", "doors[].lit bool  true house ", "roof str or dict    ", "roof.tiles int  7  ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
