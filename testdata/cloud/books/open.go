package books

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// most is the length at which a journal is replaced by a snapshot.
const most = 50_000

// Open reads the books in a folder, or begins new ones. It fails when another process has them open.
func Open(dir string, now func() time.Time) (*Books, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("open books in %s: another cloud has them: %w", dir, err)
	}
	b := &Books{now: now, projects: map[string]*project{}, instances: map[string]*instance{}, head: head{Salt: rand.Uint32()}}
	b.journal = &journal{dir: dir, lock: lock}
	if err := b.load(dir); err != nil {
		lock.Close()
		return nil, fmt.Errorf("open books: %w", err)
	}
	b.head.Starts++
	b.tick()
	if err := b.snapshot(); err != nil {
		b.Close()
		return nil, fmt.Errorf("open books: %w", err)
	}
	return b, nil
}

// Close gives the folder free.
func (b *Books) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.journal.file != nil {
		b.journal.file.Close()
	}
	b.journal.lock.Close()
	b.journal.bad = errors.New("closed")
}

func (b *Books) load(dir string) error {
	if err := read(filepath.Join(dir, "snapshot"), b.take); err != nil {
		return err
	}
	return read(journalPath(dir, b.head.Generation), b.take)
}

func journalPath(dir string, generation int) string {
	return filepath.Join(dir, fmt.Sprintf("journal.%d", generation))
}

// take enters a line into memory.
func (b *Books) take(e entry) error {
	switch {
	case e.Head != nil:
		b.head = *e.Head
	case e.Totals != nil:
		b.project(e.Totals.Project).totals = e.Totals.totals
	case e.Settings != nil:
		b.project(e.Settings.Project).settings = e.Settings.Settings
	case e.Instance != nil:
		b.enter(e.Instance)
	case e.Past != nil:
		b.past = append(b.past, e.Past)
	case e.Object != nil:
		b.enterObject(e.Object)
	case e.Drop != nil:
		delete(b.project(e.Drop.Project).objects, e.Drop.ID)
	default:
		return errors.New("nothing in it")
	}
	return nil
}

// write puts an entry into the journal, and begins a new one when it has grown long. Callers hold mu and have not
// changed anything yet.
func (b *Books) write(e entry) error {
	if b.journal.len >= most {
		if err := b.snapshot(); err != nil {
			return fmt.Errorf("snapshot: %w", err)
		}
	}
	return b.journal.append(e)
}

// snapshot writes all down in a new file and begins a new journal. Until the new snapshot has its name the old pair is
// what counts.
func (b *Books) snapshot() error {
	dir := b.journal.dir
	h := b.head
	h.Generation++
	next, err := os.OpenFile(journalPath(dir, h.Generation), os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	temp := filepath.Join(dir, "snapshot.new")
	if err = b.dump(temp, h); err == nil {
		err = os.Rename(temp, filepath.Join(dir, "snapshot"))
	}
	if err != nil {
		next.Close()
		os.Remove(next.Name())
		return err
	}
	if b.journal.file != nil {
		b.journal.file.Close()
	}
	os.Remove(journalPath(dir, b.head.Generation))
	b.head = h
	b.journal = &journal{dir: dir, lock: b.journal.lock, file: next}
	return nil
}

func (b *Books) dump(path string, h head) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	buf := bufio.NewWriter(f)
	out := json.NewEncoder(buf)
	err = out.Encode(entry{Head: &h})
	for _, i := range b.past[max(0, len(b.past)-history):] {
		err = errors.Join(err, out.Encode(entry{Past: i}))
	}
	for name, p := range b.projects {
		// The living are counted as created when they are read back.
		t := p.totals
		t.Created -= p.alive
		err = errors.Join(err, out.Encode(entry{Totals: &totalsOf{name, t}}), out.Encode(entry{Settings: &settingsOf{name, p.settings}}))
		for _, i := range p.order {
			if b.instances[i.ID] == i {
				err = errors.Join(err, out.Encode(entry{Instance: i}))
			}
		}
		for _, o := range p.objects {
			err = errors.Join(err, out.Encode(entry{Object: o}))
		}
	}
	return errors.Join(err, buf.Flush())
}
