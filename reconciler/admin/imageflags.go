package admin

import (
	"context"
	"errors"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// PauseImage keeps builders from building an image and uploading it. Pausing twice is fine.
func PauseImage(ctx context.Context, s *session.Session, image string) error {
	if err := imageExists(ctx, s, image); err != nil {
		return err
	}
	_, err := s.Create(ctx, imagePath(image)+"/pause", nil, zk.FlagPersistent)
	if errors.Is(err, zk.ErrNodeExists) {
		return nil
	}
	return err
}

// UnpauseImage lets builders go on. An image that is not paused is fine.
func UnpauseImage(ctx context.Context, s *session.Session, image string) error {
	if err := imageExists(ctx, s, image); err != nil {
		return err
	}
	err := s.Delete(ctx, imagePath(image)+"/pause", -1)
	if isNoNode(err) {
		return nil
	}
	return err
}

// BuildImage asks builders for a build. A pause does not keep anybody from asking: the request stays pending. Whether
// the image is one that can be built is for the caller to know.
func BuildImage(ctx context.Context, s *session.Session, image string) error {
	if err := checkSegment("image", image); err != nil {
		return err
	}
	return s.EnsurePath(ctx, imagePath(image)+"/request-build")
}

// imageExists fails where there is no such image. That is no Refusal: upstream fails here, too (D-04).
func imageExists(ctx context.Context, s *session.Session, image string) error {
	if checkSegment("image", image) == nil {
		there, _, err := s.Exists(ctx, imagePath(image))
		if err != nil || there {
			return err
		}
	}
	return errors.New("no builder has made image " + quote(image) + " yet, and nobody asked for it: `nodepool-tf image-status` shows the images there are")
}
