package workspace

import (
	"errors"
	"fmt"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// sharing is what came of copying a base in this session.
type sharing struct {
	err   error     // an errUnshared, nil when it is copied
	again time.Time // until when that stands
}

// shareRetry is how long a base that could not be copied waits: it may be 64 MiB to be read.
const shareRetry = time.Minute

// SharedFor is how long one that is copied is taken to be there without a look. A launcher removes what nobody has looked at
// for much longer and no workspace names (see reconciler/blobs.go).
const SharedFor = 24 * time.Hour

// errUnshared begins why a base cannot be copied where the fault is not ZooKeeper's.
var errUnshared = errors.New("what another launcher would need to destroy its nodes cannot be copied")

// shareBase copies what another launcher needs to run Terraform in workspaces of a base, once a session and day.
func (m *Manager) shareBase(k Keeper, base string) error {
	m.mu.Lock()
	s, asked := m.shared[base]
	m.mu.Unlock()
	if asked && time.Now().Before(s.again) {
		return s.err
	}
	s = sharing{again: time.Now().Add(SharedFor)}
	var kept error
	err := m.bases.Export(base, func(kind, name string, content func() ([]byte, error)) error {
		there, err := k.HasBlob(m.ctx, kind, name)
		if kept = err; there || err != nil {
			return err
		}
		data, err := content()
		if err != nil {
			return err
		}
		kept = k.PutBlob(m.ctx, kind, name, data)
		return kept
	})
	switch {
	case kept != nil:
		return fmt.Errorf("copy initialised module %s: %w", base, err)
	case errors.Is(err, execute.ErrNotHere): // it came with a workspace of another launcher, and is kept
	case err != nil:
		s = sharing{fmt.Errorf("%w: initialised module %s: %w", errUnshared, base, err), time.Now().Add(shareRetry)}
		m.opts.Log.Error("nodes of a module could not be destroyed by another launcher if this host were lost; their workspaces are copied without it", "base", base, "err", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shared[base] = s
	return s.err
}
