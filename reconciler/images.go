package reconciler

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

const imagesEvery = 10 * time.Second

// image is what a label boots: the id a module gets, and what the node's record says.
type image struct{ id, record string }

// imageIndex holds the newest READY upload of each diskimage and provider.
type imageIndex map[desire.ImageKey]image

// basis is what a node of a label begins with: its image, and what it counts for in quotas.
type basis struct {
	image
	resources map[string]float64
}

// basisOf has the image of a label: the newest READY upload of its diskimage, else its cloud image, else none.
func (lp *loop) basisOf(label *config.PoolLabel) basis {
	return basis{lp.images.of(label), lp.view.Resources(label)}
}

func (x imageIndex) of(label *config.PoolLabel) image {
	switch {
	case label.DiskImage != "":
		return x[desire.ImageKey{Provider: label.Pool.Provider.Name, Image: label.DiskImage}]
	case label.Image != nil:
		return image{label.Image.ImageID, label.CloudImage}
	}
	return image{}
}

// watchImages keeps the index up to date for the diskimages that labels use.
func (lp *loop) watchImages(ctx context.Context) {
	tick := time.NewTicker(imagesEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		c := lp.l.config()
		found := lp.findImages(ctx, c)
		lp.post(func() {
			if lp.cfg == c { // else it was found before the configuration changed
				lp.setImages(found)
			}
		})
	}
}

// wantedImages are the diskimages that labels use.
func wantedImages(cfg *config.Config) map[desire.ImageKey]bool {
	wanted := map[desire.ImageKey]bool{}
	for _, p := range cfg.Providers {
		for _, pool := range p.Pools {
			for _, l := range pool.Labels {
				if l.DiskImage != "" {
					wanted[desire.ImageKey{Provider: p.Name, Image: l.DiskImage}] = true
				}
			}
		}
	}
	return wanted
}

func (x imageIndex) ids() map[desire.ImageKey]string {
	ids := map[desire.ImageKey]string{}
	for k, img := range x {
		ids[k] = img.id
	}
	return ids
}

// newestUploads finds those that are there.
func newestUploads(ctx context.Context, s *session.Session, wanted map[desire.ImageKey]bool) imageIndex {
	found := imageIndex{}
	for key := range wanted {
		if img, ok := newestUpload(ctx, s, key); ok {
			found[key] = img
		}
	}
	return found
}

// findImages looks up the images that a configuration's labels use.
func (lp *loop) findImages(ctx context.Context, c *config.Config) imageIndex {
	return newestUploads(ctx, lp.s, wantedImages(c))
}

func (lp *loop) setImages(found imageIndex) {
	if maps.Equal(found, lp.images) {
		return
	}
	lp.images = found
	lp.view.Images = found.ids()
}

// newestUpload finds the READY upload with the largest state_time (protocol.md 6.5).
func newestUpload(ctx context.Context, s *session.Session, key desire.ImageKey) (image, bool) {
	var best image
	var when float64
	builds, _, err := s.Children(ctx, imagesPath+"/"+key.Image+"/builds")
	if err != nil {
		return image{}, false
	}
	for _, b := range builds {
		dir := imagesPath + "/" + key.Image + "/builds/" + b + "/providers/" + key.Provider + "/images"
		uploads, _, err := s.Children(ctx, dir)
		if err != nil {
			continue
		}
		for _, u := range uploads {
			data, _, err := s.Get(ctx, dir+"/"+u)
			var rec struct {
				State      string  `json:"state"`
				StateTime  float64 `json:"state_time"`
				ExternalID string  `json:"external_id"`
			}
			if err != nil || json.Unmarshal(data, &rec) != nil || rec.State != "ready" || rec.ExternalID == "" || rec.StateTime <= when {
				continue
			}
			best, when = image{rec.ExternalID, dir + "/" + u}, rec.StateTime
		}
	}
	return best, when > 0
}
