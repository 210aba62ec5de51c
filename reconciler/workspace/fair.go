package workspace

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// patience is how many batches in a row may leave the oldest order of all behind because others have a higher
// precedence. The next one takes it along.
const patience = 8

// fair decides which of a lane's orders go out next: the highest precedence first (as Zuul's requests are sorted);
// within it, pools and tenants share, however many orders each has (start-time fair queueing); within one of them, the
// smaller relative priority first, then first come first served.
//
// Each pool and tenant has a tag, the service it has had: whoever has the least is next. One that comes back after a
// while starts where those that wait are now: nobody saves up, and one tenant's first order waits for one order of each
// other tenant, not for all that they have.
type fair struct {
	classes map[string]*class // by precedence
	passed  int               // batches since the oldest order's precedence was served
}

type class struct {
	now  int           // the least service of those that wait
	tags map[share]int // of those that had more
}

// share is who is treated alike.
type share struct{ pool, tenant string }

func (it *item) share() share { return share{it.Pool, it.Vars.Tenant} }

// precedence is the first part of a request's id: 100 is high, 200 normal, 300 low, 900 min-ready (protocol.md). They
// sort as text, there and here.
func (it *item) precedence() string {
	before, _, ok := strings.Cut(it.Request, "-")
	if !ok {
		return ""
	}
	return before
}

// take splits a queue, which is sorted by age, into a batch of at most limit orders and the rest. A batch is of one
// module, and so of one fate when the module is broken.
func (f *fair) take(queue []*item, limit int) (batch, rest []*item) {
	if len(queue) == 0 {
		return nil, nil
	}
	w := sortOrders(queue)
	order := slices.Sorted(maps.Keys(w))
	maps.DeleteFunc(f.classes, func(prec string, _ *class) bool { return w[prec] == nil })
	lead := order
	if oldest := queue[0].precedence(); oldest == order[0] {
		f.passed = 0
	} else if f.passed++; f.passed > patience {
		f.passed = 0
		lead = []string{oldest}
	}
	taken := map[*item]bool{}
	pick := func(from []string, fit func(*item) bool) bool {
		for _, prec := range from {
			if it := f.pick(prec, w[prec], fit); it != nil {
				batch = append(batch, it)
				taken[it] = true
				return true
			}
		}
		return false
	}
	pick(lead, func(*item) bool { return true })
	head := batch[0]
	for len(batch) < limit && !head.solo && pick(order, func(it *item) bool { return it.base.Name == head.base.Name && !it.solo }) {
	}
	for _, prec := range order {
		if len(w[prec]) == 0 {
			delete(f.classes, prec) // the next order finds nobody to be fair to
		} else {
			f.class(prec).settle(w[prec], limit)
		}
	}
	for _, it := range queue {
		if !taken[it] {
			rest = append(rest, it)
		}
	}
	return batch, rest
}

// waiting orders by who they are of, those of one share in the order in which they go out.
type waiting map[share][]*item

func sortOrders(queue []*item) map[string]waiting {
	out := map[string]waiting{}
	for _, it := range queue {
		prec := it.precedence()
		if out[prec] == nil {
			out[prec] = waiting{}
		}
		out[prec][it.share()] = append(out[prec][it.share()], it)
	}
	for _, w := range out {
		for _, items := range w {
			slices.SortStableFunc(items, func(a, b *item) int { return cmp.Compare(a.RelativePriority, b.RelativePriority) })
		}
	}
	return out
}

// pick removes from w the next order that fits and charges its share, nil when none does.
func (f *fair) pick(prec string, w waiting, fit func(*item) bool) *item {
	c := f.class(prec)
	var next *item
	var at int
	for s, items := range w {
		i := slices.IndexFunc(items, fit)
		if i < 0 {
			continue
		}
		if it := items[i]; next == nil || cmp.Or(cmp.Compare(c.tag(s), c.tag(next.share())), cmp.Compare(it.seq, next.seq)) < 0 {
			next, at = it, i
		}
	}
	if next == nil {
		return nil
	}
	s := next.share()
	c.tags[s] = c.tag(s) + 1
	if w[s] = slices.Delete(w[s], at, at+1); len(w[s]) == 0 {
		delete(w, s)
	}
	return next
}

func (f *fair) class(prec string) *class {
	c := f.classes[prec]
	if c == nil {
		if f.classes == nil {
			f.classes = map[string]*class{}
		}
		c = &class{tags: map[share]int{}}
		f.classes[prec] = c
	}
	return c
}

func (c *class) tag(s share) int { return max(c.now, c.tags[s]) }

// settle moves the class on to the least service of those that still wait. Whoever filled up the runs of others has had
// more than its share without taking anything from them, so it is held against it for one batch at most.
func (c *class) settle(w waiting, limit int) {
	least := -1
	for s := range w {
		if tag := c.tag(s); least < 0 || tag < least {
			least = tag
		}
	}
	c.now = least
	for s, tag := range c.tags {
		if c.tags[s] = min(tag, c.now+limit); tag <= c.now {
			delete(c.tags, s)
		}
	}
}
