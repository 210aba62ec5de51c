package reconciler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// What a taker needs to run Terraform in workspaces, initialised modules' recipes and frozen modules, lies in the memory of
// every ZooKeeper server. It is removed once no workspace of any launcher needs it; without it, nobody but the launcher that
// made a workspace could destroy its nodes, so it stays wherever there is a doubt.

// When that is looked for. Launchers ask for what they need SharedFor before they name it, so blobUnused after that nobody
// can be about to.
const (
	blobsEvery = 24 * time.Hour
	blobsFirst = 10 * time.Minute // after the start of a session, which has more urgent things to read
	blobUnused = 7 * workspace.SharedFor
)

// oldBlobs removes what no workspace needs, once a day.
func (lp *loop) oldBlobs(now time.Time) {
	if lp.nextBlobs.IsZero() {
		lp.nextBlobs = now.Add(blobsFirst)
	}
	if now.Before(lp.nextBlobs) {
		return
	}
	lp.nextBlobs = now.Add(blobsEvery)
	lp.do(func(ctx context.Context) {
		n, err := removeOldBlobs(ctx, lp.peers.store, blobUnused)
		if n > 0 {
			lp.log.Info("copies of modules that no workspace needs any more were removed from ZooKeeper", "copies", n)
		}
		if err != nil && ctx.Err() == nil {
			lp.log.Warn("copies of modules that no workspace needs may stay in ZooKeeper; it is tried again", "next_try", blobsEvery, "err", err)
		}
	})
}

// removeOldBlobs removes recipes that were not asked for so long and that no document names, then such frozen modules that
// none of the recipes left names. The growth: a look at each blob, and where one is old, a read of all documents.
func removeOldBlobs(ctx context.Context, st *store.Store, unused time.Duration) (removed int, err error) {
	n, err := removeUnnamed(ctx, st, execute.BlobBase, unused, st.Bases)
	if err != nil {
		return n, err
	}
	m, err := removeUnnamed(ctx, st, execute.BlobModule, unused, func(ctx context.Context) (map[string]bool, error) { return modulesNamed(ctx, st) })
	return n + m, err
}

// removeUnnamed removes what is old of a kind and is not named. What names them is read after they are listed: who names one
// later has asked for it in between.
func removeUnnamed(ctx context.Context, st *store.Store, kind string, unused time.Duration, named func(context.Context) (map[string]bool, error)) (removed int, err error) {
	old, err := st.OldBlobs(ctx, kind, unused)
	if err != nil || len(old) == 0 {
		return 0, err
	}
	needed, err := named(ctx)
	if err != nil {
		return 0, err
	}
	for _, b := range old {
		if needed[b.Name] {
			continue
		}
		if may, err := allAskAgain(ctx, st); err != nil || !may {
			return removed, err
		}
		switch err := st.RemoveBlob(ctx, b); {
		case errors.Is(err, store.ErrTurn):
			return removed, nil // it does the same
		case err != nil:
			return removed, err
		}
		removed++
	}
	return removed, nil
}

// allAskAgain reports whether every launcher that lives is known to ask again for what it names: an older version asks once
// a session.
func allAskAgain(ctx context.Context, st *store.Store) (bool, error) {
	others, err := st.Others(ctx)
	for _, o := range others {
		if o.Alive && !o.About.AsksAgain {
			return false, err
		}
	}
	return true, err
}

// modulesNamed are the frozen modules that the recipes name. It is an error when one of them cannot be read.
func modulesNamed(ctx context.Context, st *store.Store) (map[string]bool, error) {
	bases, err := st.Blobs(ctx, execute.BlobBase)
	if err != nil {
		return nil, err
	}
	named := map[string]bool{}
	for _, base := range bases {
		data, err := st.GetBlob(ctx, execute.BlobBase, base)
		if errors.Is(err, zk.ErrNoNode) { // gone, or being written: then its module is young
			continue
		}
		if err != nil {
			return nil, err
		}
		module, err := execute.RecipeModule(data)
		if err != nil {
			return nil, fmt.Errorf("read the recipe of initialised module %s: %w", base, err)
		}
		named[module] = true
	}
	return named, nil
}
