package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

func imagePath(image string) string        { return imagesPath + "/" + image }
func buildPath(image, build string) string { return imagePath(image) + "/builds/" + build }
func uploadsPath(image, build, provider string) string {
	return buildPath(image, build) + "/providers/" + provider + "/images"
}

// Images is what there is of images.
type Images struct {
	Names   []string        // sorted
	Paused  map[string]bool // by image
	Builds  []*record.ImageBuild
	Uploads []*record.ImageUpload
}

// ReadImages reads all images, builds and uploads. unreadable is told the records that cannot be read.
func ReadImages(ctx context.Context, s *session.Session, unreadable func(error)) (Images, error) {
	out := Images{Paused: map[string]bool{}}
	var err error
	if out.Names, err = children(ctx, s, imagesPath); err != nil {
		return out, err
	}
	for _, image := range out.Names {
		if out.Paused[image], _, err = s.Exists(ctx, imagePath(image)+"/pause"); err != nil {
			return out, err
		}
		builds, err := buildIDs(ctx, s, image)
		if err != nil {
			return out, err
		}
		err = readAll(ctx, s, imagePath(image)+"/builds", func(id string, data []byte) {
			if id == "lock" {
				return
			}
			b, err := record.ParseImageBuild(image, id, data)
			if err != nil {
				unreadable(fmt.Errorf("image %s cannot be read: %w", quote(image), err))
				return
			}
			out.Builds = append(out.Builds, b)
		})
		if err != nil {
			return out, err
		}
		for _, build := range builds {
			uploads, err := readUploads(ctx, s, image, build, unreadable)
			if err != nil {
				return out, err
			}
			out.Uploads = append(out.Uploads, uploads...)
		}
	}
	return out, nil
}

func readUploads(ctx context.Context, s *session.Session, image, build string, unreadable func(error)) ([]*record.ImageUpload, error) {
	providers, err := children(ctx, s, buildPath(image, build)+"/providers")
	if err != nil {
		return nil, err
	}
	var out []*record.ImageUpload
	for _, provider := range providers {
		err := readAll(ctx, s, uploadsPath(image, build, provider), func(id string, data []byte) {
			if id == "lock" {
				return
			}
			u, err := record.ParseImageUpload(image, build, provider, id, data)
			if err != nil {
				unreadable(fmt.Errorf("image %s cannot be read: %w", quote(image), err))
				return
			}
			out = append(out, u)
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// buildIDs lists an image's builds; beside them lies their lock.
func buildIDs(ctx context.Context, s *session.Session, image string) ([]string, error) {
	ids, err := children(ctx, s, imagePath(image)+"/builds")
	return slices.DeleteFunc(ids, func(id string) bool { return id == "lock" }), err
}

// ImageStates tells which images are paused and of which somebody asked for a build.
func ImageStates(ctx context.Context, s *session.Session) ([]status.ImageState, error) {
	names, err := children(ctx, s, imagesPath)
	if err != nil {
		return nil, err
	}
	var out []status.ImageState
	for _, image := range names {
		i := status.ImageState{Image: image}
		if i.Paused, _, err = s.Exists(ctx, imagePath(image)+"/pause"); err != nil {
			return nil, err
		}
		asked, stat, err := s.Exists(ctx, imagePath(image)+"/request-build")
		if err != nil {
			return nil, err
		}
		if asked {
			i.RequestedAt = float64(stat.Ctime) / 1000
			i.BuildRequest = "pending"
			building, err := isBuilding(ctx, s, image)
			if err != nil {
				return nil, err
			}
			if building {
				i.BuildRequest = "building"
			}
		}
		out = append(out, i)
	}
	return out, nil
}

// isBuilding reports whether a builder is at an image: somebody holds its build lock and has made a build's record since.
// Build ids are random, so that transactions tell which is newest (D-07).
func isBuilding(ctx context.Context, s *session.Session, image string) (bool, error) {
	dir := imagePath(image) + "/builds/lock"
	holders, err := lock.Contenders(ctx, s, dir)
	if err != nil || len(holders) == 0 {
		return false, err
	}
	held, since, err := s.Exists(ctx, dir+"/"+holders[0])
	if err != nil || !held {
		return false, err
	}
	ids, err := buildIDs(ctx, s, image)
	if err != nil {
		return false, err
	}
	for _, id := range ids {
		there, stat, err := s.Exists(ctx, buildPath(image, id))
		if err != nil {
			return false, err
		}
		if there && stat.Czxid > since.Czxid {
			return true, nil
		}
	}
	return false, nil
}

// checkSegment refuses what cannot be one segment of a path in ZooKeeper.
func checkSegment(what, name string) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return missing("", "%s %s cannot exist: it is no name", what, quote(name))
	}
	return nil
}

func isNoNode(err error) bool { return errors.Is(err, zk.ErrNoNode) }
