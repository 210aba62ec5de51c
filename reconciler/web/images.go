package web

import (
	"context"

	"github.com/nodepool-tf/nodepool-tf/reconciler/admin"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
)

// Images are nobody's here to follow: these lists read ZooKeeper, at most once a second each.

func (h *handler) uploads(ctx context.Context, _ params) (status.Table, error) {
	all, err := h.readImages(ctx)
	if err != nil {
		return status.Table{}, err
	}
	now := h.Now()
	return withStamps(status.UploadTable(all.Uploads, now), "age", now), nil
}

func (h *handler) builds(ctx context.Context, _ params) (status.Table, error) {
	all, err := h.readImages(ctx)
	if err != nil {
		return status.Table{}, err
	}
	now := h.Now()
	return withStamps(status.BuildTable(all.Builds, all.Paused, now), "age", now), nil
}

func (h *handler) imageStates(ctx context.Context, _ params) (status.Table, error) {
	zs, err := h.session()
	if err != nil {
		return status.Table{}, err
	}
	states, err := admin.ImageStates(ctx, zs)
	if err != nil {
		return status.Table{}, unavailable(err)
	}
	return status.ImageStateTable(states, h.Now()), nil
}

func (h *handler) readImages(ctx context.Context) (admin.Images, error) {
	zs, err := h.session()
	if err != nil {
		return admin.Images{}, err
	}
	all, err := admin.ReadImages(ctx, zs, func(err error) { h.Log.Debug("image record", "err", err) })
	if err != nil {
		return admin.Images{}, unavailable(err)
	}
	return all, nil
}
