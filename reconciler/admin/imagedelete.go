package admin

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// As upstream's, these writes take no lock: a builder looks again under its own lock before it deletes anything. They
// are guarded by the record's version instead, so that nothing that a builder writes meanwhile is lost.

// Upload names an upload.
type Upload struct{ Image, Build, Provider, ID string }

// DeleteUpload puts an upload into state `deleting`; a builder with the provider removes the image from its cloud, and
// then the record.
func DeleteUpload(ctx context.Context, s *session.Session, u Upload, now func() time.Time) error {
	none := missing("`nodepool-tf image-list` shows those there are", "there is no upload %s of build %s of image %s at provider %s", quote(u.ID), quote(u.Build), quote(u.Image), quote(u.Provider))
	for _, name := range []string{u.Image, u.Build, u.Provider, u.ID} {
		if checkSegment("upload", name) != nil {
			return none
		}
	}
	path := uploadsPath(u.Image, u.Build, u.Provider) + "/" + u.ID
	data, stat, err := s.Get(ctx, path)
	if isNoNode(err) || u.ID == "lock" {
		return none
	}
	if err != nil {
		return err
	}
	rec, err := record.ParseImageUpload(u.Image, u.Build, u.Provider, u.ID, data)
	if err != nil {
		return err
	}
	if rec.State == record.UploadUploading {
		return refused("wait for its end, or end the builder that is at it", "upload %s is in progress and cannot be deleted", quote(u.ID))
	}
	rec.SetState(record.UploadDeleting, now())
	_, err = s.Set(ctx, path, rec.Encode(), stat.Version)
	return err
}

// DeleteBuild puts a build, named <image>-<build id> as dib-image-list shows it, into state `deleting`: builders remove its
// uploads and files, and then the record. Image names may have dashes, build ids have none.
func DeleteBuild(ctx context.Context, s *session.Session, name string, now func() time.Time) error {
	none := missing("`nodepool-tf dib-image-list` shows those there are", "there is no image build %s", quote(name))
	dash := strings.LastIndexByte(name, '-')
	if dash <= 0 || checkSegment("image", name[:dash]) != nil || checkSegment("build", name[dash+1:]) != nil || name[dash+1:] == "lock" {
		return none
	}
	image, id := name[:dash], name[dash+1:]
	data, stat, err := s.Get(ctx, buildPath(image, id))
	if isNoNode(err) {
		return none
	}
	if err != nil {
		return err
	}
	rec, err := record.ParseImageBuild(image, id, data)
	if err != nil {
		return err
	}
	if rec.State == record.BuildBuilding {
		return refused("wait for its end, or end the builder that is at it", "image build %s is in progress and cannot be deleted", quote(name))
	}
	rec.SetState(record.BuildDeleting, now())
	_, err = s.Set(ctx, buildPath(image, id), rec.Encode(), stat.Version)
	return err
}

// CheckBuildName fails for what cannot be the name of a build (D-04).
func CheckBuildName(name string) error {
	if strings.LastIndexByte(name, '-') <= 0 {
		return fmt.Errorf("%s is no image build: its id has the form <image>-<build id>, as `nodepool-tf dib-image-list` shows it", quote(name))
	}
	return nil
}
