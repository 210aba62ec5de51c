package books

import (
	"container/heap"
	"sync"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// Books is safe for concurrent use. Refusals are *api.StatusError; any other error means that the change could not be
// written down, and was not made.
type Books struct {
	now func() time.Time

	mu        sync.Mutex
	journal   *journal
	head      head
	projects  map[string]*project
	instances map[string]*instance
	ending    ends
	past      []*instance
}

// history is how many instances that are gone are remembered.
const history = 10_000

// images that every project has, by name.
var images = map[string]string{"ubuntu": "img-public-ubuntu", "debian": "img-public-debian", "fedora": "img-public-fedora"}

// ends is a heap of instances by the time at which they go. An instance whose end was changed is in it more than once.
type ends []end

type end struct {
	at int64
	i  *instance
}

func (e ends) Len() int           { return len(e) }
func (e ends) Less(a, b int) bool { return e[a].at < e[b].at }
func (e ends) Swap(a, b int)      { e[a], e[b] = e[b], e[a] }
func (e *ends) Push(x any)        { *e = append(*e, x.(end)) }
func (e *ends) Pop() any {
	old := *e
	x := old[len(old)-1]
	*e = old[:len(old)-1]
	return x
}

// tick moves what has gone by now out of the books of the living. Callers hold mu.
func (b *Books) tick() int64 {
	now := b.now().UnixNano()
	for len(b.ending) > 0 && b.ending[0].at <= now {
		e := heap.Pop(&b.ending).(end)
		if e.i.Ends == e.at && b.instances[e.i.ID] == e.i {
			b.bury(e.i, now)
		}
	}
	return now
}

func (b *Books) bury(i *instance, now int64) {
	delete(b.instances, i.ID)
	p := b.project(i.Project)
	f := flavors[i.Flavor]
	p.alive, p.cores, p.ram = p.alive-1, p.cores-f.Cores, p.ram-f.RAM
	if i.Vanishes {
		p.totals.Vanished++
	} else {
		p.totals.Deleted++
	}
	p.totals.Seconds += i.seconds(i.Ends)
	p.compact(now)
	b.remember(i)
}

func (b *Books) remember(i *instance) {
	if b.past = append(b.past, i); len(b.past) > 2*history {
		b.past = append([]*instance(nil), b.past[len(b.past)-history:]...)
	}
}

// enter takes a record that is in the journal into memory: a new instance, or a change of one. Callers hold mu.
func (b *Books) enter(i *instance) {
	if old := b.instances[i.ID]; old != nil {
		*old = *i
		i = old
	} else {
		p := b.project(i.Project)
		f := flavors[i.Flavor]
		b.instances[i.ID] = i
		p.order = append(p.order, i)
		p.totals.Created++
		p.alive, p.cores, p.ram = p.alive+1, p.cores+f.Cores, p.ram+f.RAM
		b.head.Seq = max(b.head.Seq, i.Seq)
	}
	if i.Ends != 0 {
		heap.Push(&b.ending, end{i.Ends, i})
	}
}

// keep writes a changed or new instance down and then takes it into memory. Callers hold mu.
func (b *Books) keep(i *instance) error {
	if err := b.write(entry{Instance: i}); err != nil {
		return err
	}
	b.enter(i)
	return nil
}

// Bill sums up a project, or all when it is empty. Requests are not its business.
func (b *Books) Bill(name string) api.Books {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.tick()
	out := api.Books{States: map[api.State]int{}}
	for n, p := range b.projects {
		if name != "" && n != name {
			continue
		}
		out.Alive += p.alive
		out.Created += p.totals.Created
		out.Deleted += p.totals.Deleted
		out.Vanished += p.totals.Vanished
		out.InstanceSeconds += p.totals.Seconds
		for _, o := range p.objects {
			if o.Kind == api.Images {
				out.Images++
			} else {
				out.Networks++
			}
		}
		for _, i := range p.order {
			if s := i.state(now); s != api.Gone {
				out.States[s]++
				out.InstanceSeconds += i.seconds(now)
			}
		}
	}
	out.Failed = out.States[api.Errored]
	return out
}
