package dashboard

import (
	"hash/maphash"
	"sync"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
)

// scene is a snapshot and what was rendered of it already: however many look at the same page within a second, it is
// made once.
type scene struct {
	snapshot  *status.Snapshot
	abilities Abilities

	mu    sync.Mutex
	pages map[Query][]byte
	parts map[Query]*rendering
}

// maxMade bounds how many pages are kept for a second.
const maxMade = 32

// rendering is the sections of a page as the stream sends them, and their digests.
type rendering struct {
	html    [][]byte
	digests digests
}

// digests tell whether a section changed.
type digests [maxSections]uint64

const maxSections = 8

var seed = maphash.MakeSeed()

// page is the whole page, as a first paint.
func (c *scene) page(q Query) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if html, ok := c.pages[q]; ok {
		return html, nil
	}
	html, err := newPage(c.snapshot, q, c.abilities, false).html()
	if err == nil && len(c.pages) < maxMade {
		c.pages[q] = html
	}
	return html, err
}

// live is the page as the stream sends it.
func (c *scene) live(q Query) (*rendering, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r, ok := c.parts[q]; ok {
		return r, nil
	}
	html, err := newPage(c.snapshot, q, c.abilities, true).parts()
	if err != nil {
		return nil, err
	}
	r := &rendering{html: html}
	for i := range html {
		r.digests[i] = maphash.Bytes(seed, html[i])
	}
	if len(c.parts) < maxMade {
		c.parts[q] = r
	}
	return r, nil
}

// stage holds the newest scene.
type stage struct {
	abilities Abilities

	mu     sync.Mutex
	newest *scene
}

// of is the scene of a snapshot.
func (st *stage) of(s *status.Snapshot) *scene {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.newest == nil || st.newest.snapshot != s {
		st.newest = &scene{snapshot: s, abilities: st.abilities, pages: map[Query][]byte{}, parts: map[Query]*rendering{}}
	}
	return st.newest
}
