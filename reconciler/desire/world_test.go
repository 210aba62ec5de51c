package desire

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/setback"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// The vocabulary of the tables: a case is a list of parts of a world and the decisions that follow from it, each shown
// as one line (see show).

// testCase is one world and what is decided in it.
type testCase struct {
	name  string
	world []part
	want  []string
}

func run(t *testing.T, cases []testCase) {
	t.Helper()
	names := map[string]bool{}
	for _, c := range cases {
		if names[c.name] {
			t.Errorf("two cases are called %q", c.name)
		}
		names[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			v := world(c.world...)
			got := Decide(v)
			if diff := cmp.Diff(c.want, lines(got)); diff != "" {
				t.Errorf("decisions (-want +got):\n%s", diff)
			}
			for _, broken := range invariants(v, got) {
				t.Error(broken)
			}
		})
	}
}

// now is the time of every world.
var now = time.Unix(1_000_000, 0)

// ago is a state_time.
func ago(d time.Duration) float64 { return record.Now(now.Add(-d)) }

// part adds something to a world. Providers come first.
type part func(*View)

func world(parts ...part) *View {
	v := &View{
		Now:      now,
		Config:   &config.Config{Labels: map[string]*config.Label{}, TenantLimits: map[string]map[string]float64{}},
		Requests: map[string]*Request{}, Nodes: map[string]*Node{}, Pools: map[string]*record.Pool{}, Own: map[PoolKey]string{},
		Handlers: map[string]*Handler{}, MinReady: map[string]string{}, Images: map[ImageKey]string{},
		MinReadyAfter: map[string]time.Time{}, Setbacks: setback.New(func() float64 { return 0 }),
	}
	for _, p := range parts {
		p(v)
	}
	return v
}

// std is provider a with pool main that has the labels small and large, without limits.
func std(opts ...any) part {
	return prov("a", pool("main", append([]any{"small", "large"}, opts...)...))
}

// resources is what a node of a label counts for; other labels are one instance.
var resources = map[string]map[string]float64{
	"small": {"instances": 1, "cores": 2},
	"large": {"instances": 1, "cores": 8},
}

func need1(label string) map[string]float64 {
	if r := resources[label]; r != nil {
		return r
	}
	return map[string]float64{"instances": 1}
}

// prov configures a provider and registers its pools as own/<provider>/<pool>.
func prov(name string, opts ...any) part {
	return func(v *View) {
		p := &config.Provider{Name: name, MaxConcurrency: -1}
		for _, o := range opts {
			switch o := o.(type) {
			case *config.Pool:
				o.Provider = p
				p.Pools = append(p.Pools, o)
				key := PoolKey{name, o.Name}
				id := "own/" + name + "/" + o.Name
				v.Own[key] = id
				v.Pools[id] = &record.Pool{ID: id, ProviderName: name, Name: o.Name, SupportedLabels: o.LabelNames, Priority: o.Priority}
			case func(*config.Provider):
				o(p)
			default:
				panic(o)
			}
		}
		v.Config.Providers = append(v.Config.Providers, p)
	}
}

func maxConcurrency(n int) func(*config.Provider) {
	return func(p *config.Provider) { p.MaxConcurrency = n }
}

// pool takes label names (label:image for one with a diskimage) and options.
func pool(name string, opts ...any) *config.Pool {
	p := &config.Pool{Name: name, Priority: record.DefaultPriority, Labels: map[string]*config.PoolLabel{}, Limits: map[string]float64{}}
	for _, o := range opts {
		switch o := o.(type) {
		case string:
			label, image, _ := strings.Cut(o, ":")
			p.Labels[label] = &config.PoolLabel{Name: label, Pool: p, Resources: need1(label), DiskImage: image}
			p.LabelNames = append(p.LabelNames, label)
		case func(*config.Pool):
			o(p)
		default:
			panic(o)
		}
	}
	return p
}

func limit(resource string, n float64) func(*config.Pool) {
	return func(p *config.Pool) { p.Limits[resource] = n }
}

func maxServers(n int) func(*config.Pool) {
	return func(p *config.Pool) { p.MaxServers = &n; p.Limits["instances"] = float64(n) }
}

func priority(n int) func(*config.Pool) { return func(p *config.Pool) { p.Priority = n } }

// unregistered takes an own pool out of the registry.
func unregistered(id string) part { return func(v *View) { delete(v.Pools, id) } }

func publishedPaused(id string) part { return func(v *View) { v.Pools[id].Paused = true } }

// peer is a registered pool of another launcher.
func peer(id, provider string, prio int, labels ...string) part {
	return func(v *View) {
		v.Pools[id] = &record.Pool{ID: id, ProviderName: provider, Name: "main", SupportedLabels: labels, Priority: prio}
	}
}

func tenant(name, resource string, n float64) part {
	return func(v *View) { v.Config.TenantLimits[name] = map[string]float64{resource: n} }
}

func image(provider, name string) part {
	return func(v *View) { v.Images[ImageKey{provider, name}] = "img-1" }
}

// globalLabel is an entry of the labels section.
func globalLabel(name string, minReady int, maxAge time.Duration) part {
	return func(v *View) {
		v.Config.Labels[name] = &config.Label{Name: name, MinReady: minReady, MaxReadyAge: maxAge}
		v.Config.LabelNames = append(v.Config.LabelNames, name)
	}
}

// req is a request in state requested for labels separated by spaces.
func req(id, labels string, opts ...func(*Request)) part {
	return func(v *View) {
		r := &Request{Request: &record.Request{ID: id, State: record.RequestRequested, NodeTypes: strings.Fields(labels), Reuse: true}}
		for _, o := range opts {
			o(r)
		}
		v.Requests[id] = r
	}
}

func inState(s record.RequestState) func(*Request) { return func(r *Request) { r.State = s } }
func declinedBy(ids ...string) func(*Request)      { return func(r *Request) { r.DeclinedBy = ids } }
func prefers(provider string) func(*Request)       { return func(r *Request) { r.Provider = provider } }
func ofTenant(name string) func(*Request)          { return func(r *Request) { r.TenantName = name } }
func relative(n float64) func(*Request)            { return func(r *Request) { r.RelativePriority = n } }
func problem(text string) func(*Request) {
	return func(r *Request) { r.Problems = append(r.Problems, text) }
}

var (
	pending  = inState(record.RequestPending)
	noReuse  = func(r *Request) { r.Reuse = false }
	reqBusy  = func(r *Request) { r.Busy = true }
	minReady = func(r *Request) { r.Requestor, r.Reuse = "NodePool:min-ready", false }
	reqLater = func(r *Request) { r.NotBefore = now.Add(time.Second) }
	reqNow   = func(r *Request) { r.NotBefore = now }
)

// node is a node of pool a/main, of one label, an hour in its state.
func node(id string, state record.NodeState, label string, opts ...func(*Node)) part {
	return func(v *View) {
		n := &Node{Node: &record.Node{ID: id, State: state, StateTime: ago(time.Hour), Provider: "a", Pool: "main", Type: strings.Fields(label)}, Known: true}
		for _, o := range opts {
			o(n)
		}
		v.Nodes[id] = n
	}
}

func of(provider, pool string) func(*Node) {
	return func(n *Node) { n.Provider, n.Pool = provider, pool }
}
func allocated(request string) func(*Node)           { return func(n *Node) { n.AllocatedTo = request } }
func since(t float64) func(*Node)                    { return func(n *Node) { n.StateTime = t } }
func zone(az string) func(*Node)                     { return func(n *Node) { n.AZ = az } }
func takes(r map[string]float64) func(*Node)         { return func(n *Node) { n.Resources = r } }
func nodeTenant(name string) func(*Node)             { return func(n *Node) { n.TenantName = name } }
func holdExpires(seconds int64) func(*Node)          { return func(n *Node) { n.HoldExpiration = &seconds } }
func many(n int, f func(id string, i int) part) part { return manyFrom(1, n, f) }

func manyFrom(first, n int, f func(id string, i int) part) part {
	return func(v *View) {
		for i := first; i < first+n; i++ {
			f(fmt.Sprintf("%010d", i), i)(v)
		}
	}
}

var (
	nodeBusy  = func(n *Node) { n.Busy = true }
	held      = func(n *Node) { n.Held = true }
	contended = func(n *Node) { n.Contended = true }
	unknown   = func(n *Node) { n.Known = false }
	foreign   = func(n *Node) { n.Foreign = true }
	nodeLater = func(n *Node) { n.NotBefore = now.Add(time.Second) }
)

// handler has request id in hand for a/main; nodes read label:id:status, the status one of l(aunching) r(eady)
// f(ailed) a(borted), the id empty while the record is created.
func handler(id, nodes string, opts ...func(*Handler)) part {
	return func(v *View) {
		h := &Handler{Request: id, Provider: "a", Pool: "main"}
		for i, f := range strings.Fields(nodes) {
			w := strings.Split(f, ":")
			hn := HandlerNode{Key: i + 1, Label: w[0], ID: w[1], Status: map[string]Status{"l": Launching, "r": Ready, "f": Failed, "a": Aborted}[w[2]]}
			if hn.Status == Failed {
				hn.Reason = "boom"
			}
			h.Nodes = append(h.Nodes, hn)
		}
		for _, o := range opts {
			o(h)
		}
		v.Handlers[id] = h
	}
}

func inPool(provider, pool string) func(*Handler) {
	return func(h *Handler) { h.Provider, h.Pool = provider, pool }
}

var (
	hPaused = func(h *Handler) { h.Paused = true }
	hBusy   = func(h *Handler) { h.Busy = true }
	hError  = func(h *Handler) { h.Error = "went wrong" }
)

// accepting is a request that an earlier pass accepted, whose lock is still being taken.
func accepting(id, nodes string, opts ...func(*Handler)) part {
	return handler(id, nodes, append(opts, hBusy)...)
}

// The following tell what the cloud said to launches of provider/pool/label, some time ago.

func labelIn(v *View, path string) *config.PoolLabel {
	w := strings.Split(path, "/")
	return v.Config.Provider(w[0]).Pool(w[1]).Labels[w[2]]
}

func cloudQuota(path string, ago time.Duration) part {
	return func(v *View) { v.Setbacks.QuotaUsedUp(labelIn(v, path), now.Add(-ago), now.Add(-ago)) }
}

func cloudRefuses(path string, ago time.Duration) part {
	return func(v *View) { v.Setbacks.Refused(labelIn(v, path), "auth: 401", now.Add(-ago), now.Add(-ago)) }
}

func noCapacity(path string, choice int, ago time.Duration) part {
	return func(v *View) {
		v.Setbacks.NoCapacity(labelIn(v, path), choice, now.Add(-ago), now.Add(-ago))
	}
}

// alternatives gives a label some.
func alternatives(label string, n int) func(*config.Pool) {
	return func(p *config.Pool) { p.Labels[label].Alternatives = make([]*modules.Spec, n) }
}

// began is when the launches of a handler were decided.
func began(ago time.Duration) func(*Handler) {
	return func(h *Handler) {
		for i := range h.Nodes {
			h.Nodes[i].Began = now.Add(-ago)
		}
	}
}

func draining(v *View) { v.Draining = true }

func diskFull(v *View) { v.Full = true }
func dueAges(v *View)  { v.Due.Ages = true }
func dueLost(v *View)  { v.Due.Lost = true }

func lines(ds []Decision) []string {
	var out []string
	for _, d := range ds {
		out = append(out, show(d))
	}
	return out
}

// show writes a decision as one line. In accept and fill, label is a new node, label<id a reused one and label<id@zone
// one with a zone.
func show(d Decision) string {
	words := func(verb string, rest ...string) string {
		return strings.Join(slices.DeleteFunc(append([]string{verb}, rest...), func(s string) bool { return s == "" }), " ")
	}
	key := func(k PoolKey) string { return k.Provider + "/" + k.Pool }
	why := func(reasons []string) string { return "(" + strings.Join(reasons, "; ") + ")" }
	allocs := func(as []Alloc, pause bool) string {
		var out []string
		for _, a := range as {
			s := a.Label
			if a.Reuse != "" {
				s += "<" + a.Reuse
			}
			if a.Zone != "" {
				s += "@" + a.Zone
			}
			out = append(out, s)
		}
		if pause {
			out = append(out, "PAUSE")
		}
		return strings.Join(out, " ")
	}
	switch d := d.(type) {
	case Accept:
		return words("accept", d.Request, key(d.PoolKey), allocs(d.Allocs, d.Pause))
	case Decline:
		return words("decline", d.Request, key(d.PoolKey), why(d.Reasons))
	case Fill:
		return words("fill", d.Request, allocs(d.Allocs, d.Pause))
	case GiveUp:
		return words("give-up", d.Request, why(d.Reasons))
	case DropAborted:
		return words("drop-aborted", d.Request, strings.Join(d.Nodes, " "))
	case Fulfil:
		return words("fulfil", d.Request, strings.Join(d.Nodes, " "))
	case Abandon:
		return words("abandon", d.Request)
	case Yield:
		return words("yield", d.Request)
	case Resume:
		return words("resume", d.Request, key(d.PoolKey), strings.Join(d.Nodes, " "))
	case Reset:
		return words("reset", d.Request, strings.Join(d.Nodes, " "))
	case Delete:
		return words("delete", d.Node, why([]string{d.Reason}))
	case Deallocate:
		return words("deallocate", d.Node)
	case Husk:
		return words("husk", d.Node)
	case SetPaused:
		return words("set-paused", key(d.PoolKey), fmt.Sprint(d.Paused))
	case AskMinReady:
		return words("ask-min-ready", d.Label, fmt.Sprint(d.Count))
	case EndMinReady:
		return words("end-min-ready", d.Request)
	}
	return fmt.Sprintf("%#v", d)
}
