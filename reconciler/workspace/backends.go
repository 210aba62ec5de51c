package workspace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// Backends reads states from the backends that documents name. It writes nothing there.
type Backends struct {
	Own   *modules.Backend // as it is configured here, nil for none
	Exec  string           // Terraform
	Dir   string           // for folders that are gone when a call ends
	Keyed bool             // documents are encrypted, so what they say was said by a launcher
	Log   *slog.Logger
}

// LoadState gives a document whose state lies in a backend with its state among its files.
func (m *Manager) LoadState(ctx context.Context, id string, d store.Document) (store.Document, error) {
	if d.Backend == "" {
		return d, nil
	}
	select {
	case m.remote.slots <- struct{}{}:
		defer func() { <-m.remote.slots }()
	case <-ctx.Done():
		return d, ctx.Err()
	}
	m.mu.Lock()
	k := m.keeper
	m.mu.Unlock()
	from := Backends{Own: m.opts.Backend, Exec: m.opts.Engine.Path, Dir: m.folder(), Keyed: k != nil && k.KeyID() != "", Log: m.opts.Log}
	return from.load(ctx, id, d)
}

func (b Backends) load(ctx context.Context, id string, d store.Document) (store.Document, error) {
	if d.Backend == "" {
		return d, nil
	}
	var w where
	if err := json.Unmarshal(d.Files[whereName], &w); err != nil {
		return d, fmt.Errorf("copy of workspace %s: %s: %w", id, whereName, err)
	}
	blocks, err := b.blocks(id, d, w)
	if err != nil {
		return d, err
	}
	var errs []error
	for _, block := range blocks {
		state, err := b.pull(ctx, id, block, w)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out := d
		out.Backend, out.Files = "", maps.Clone(d.Files)
		delete(out.Files, whereName)
		if state != nil {
			out.Files[execute.StateFile] = state
		}
		return out, nil
	}
	return d, fmt.Errorf("state of workspace %s: %w", id, errors.Join(errs...))
}

// blocks are the backends in which a document's state may be: as the document has it, then as it is configured here (a
// password may have changed).
func (b Backends) blocks(id string, d store.Document, w where) (out []modules.BackendBlock, err error) {
	// Without a key anybody who writes into ZooKeeper could have Terraform speak to any place.
	if w.Block != nil && b.Keyed && w.Block.Type == d.Backend {
		out = append(out, *w.Block)
	}
	if b.Own != nil && b.Own.Type == d.Backend {
		own, err := b.Own.Block(modules.WorkspaceVars{ID: id, Provider: d.Provider})
		if err != nil {
			return nil, err
		}
		if len(out) == 0 || !out[0].Settings.RawEquals(own.Settings) {
			out = append(out, own)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the state of workspace %s is in a backend of type %.40q, which is not configured here: set terraform.backend as it was on the launcher that made it, or the same terraform.state-key on all launchers, which lets the copy say where it is", id, d.Backend)
	}
	return out, nil
}

// pull reads a state, nil for none, and holds it against what the document says of it.
func (b Backends) pull(ctx context.Context, id string, block modules.BackendBlock, w where) ([]byte, error) {
	tmp, err := os.MkdirTemp(b.Dir, gonePrefix+"pull-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	state, view, ok, err := execute.Place{Dir: filepath.Join(tmp, placeFolder), Exec: b.Exec, Block: block}.Pull(ctx)
	switch {
	case err != nil:
		return nil, err
	case w.Lineage == "" && (!ok || view.Total() == 0):
		return nil, nil
	case !ok:
		return nil, fmt.Errorf("the backend holds nothing there, and should hold serial %d", w.Serial)
	case w.Lineage == "": // pushed, but the document was never written
	case view.Lineage != w.Lineage:
		return nil, fmt.Errorf("%w: its lineage is %.40q, and should be %.40q", execute.ErrUnrelated, view.Lineage, w.Lineage)
	case view.Serial < w.Serial:
		return nil, fmt.Errorf("the backend holds serial %d of it, and should hold %d: restore what the backend has lost, or push a whole copy with `%s state push`", view.Serial, w.Serial, filepath.Base(b.Exec))
	case view.Serial == w.Serial:
		if sum, err := execute.StateDigest(state); err != nil || sum != w.Digest {
			b.Log.Error("the state of a workspace was changed in the backend by somebody else; it is taken as it is", "workspace", id, "serial", view.Serial)
		}
	}
	return state, nil
}
