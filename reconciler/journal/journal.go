package journal

import (
	"container/list"
	"slices"
	"sync"
	"time"
)

// Bounds: at most 4,096 ids of 16 lines of 600 bytes each, 40 MiB if every line of all were that long. A node's life takes
// about 8 lines of 150 bytes, so that a full journal has 5 MiB.
const (
	mostIDs   = 4096
	mostLines = 16
	firstKept = 4 // of the lines: how it began
	mostBytes = 600
)

// Entry is one line.
type Entry struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"` // message, then key=value
}

// Journal is for any goroutine.
type Journal struct {
	mu   sync.Mutex
	ids  map[string]*list.Element // of one of the lists
	live *list.List               // of *page, the one written to longest ago first
	done *list.List               // those that are over
}

type page struct {
	id      string
	entries []Entry
	over    bool
}

// New is an empty journal.
func New() *Journal {
	return &Journal{ids: map[string]*list.Element{}, live: list.New(), done: list.New()}
}

// Add notes a line about a request or node.
func (j *Journal) Add(id string, e Entry) {
	if n := len(e.Text); n > mostBytes { // what Terraform says ends with what matters
		e.Text = e.Text[:mostBytes*2/3] + "..." + e.Text[n-mostBytes/3:]
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	el := j.ids[id]
	if el == nil {
		j.makeRoom()
		el = j.live.PushBack(&page{id: id})
		j.ids[id] = el
	}
	p := el.Value.(*page)
	if len(p.entries) >= mostLines {
		p.entries = slices.Delete(p.entries, firstKept, firstKept+1)
	}
	p.entries = append(p.entries, e)
	j.listOf(p).MoveToBack(el)
}

// Over says that a request or node is gone: it is forgotten before any that is not.
func (j *Journal) Over(id string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	el := j.ids[id]
	if el == nil || el.Value.(*page).over {
		return
	}
	p := j.live.Remove(el).(*page)
	p.over = true
	j.ids[id] = j.done.PushBack(p)
}

// Of lists the lines about an id, oldest first.
func (j *Journal) Of(id string) []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	if el := j.ids[id]; el != nil {
		return slices.Clone(el.Value.(*page).entries)
	}
	return nil
}

func (j *Journal) listOf(p *page) *list.List {
	if p.over {
		return j.done
	}
	return j.live
}

func (j *Journal) makeRoom() {
	if len(j.ids) < mostIDs {
		return
	}
	from := j.done
	if from.Len() == 0 {
		from = j.live
	}
	delete(j.ids, from.Remove(from.Front()).(*page).id)
}
