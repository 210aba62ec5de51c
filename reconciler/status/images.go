package status

import (
	"cmp"
	"slices"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

var uploadColumns = []Column{
	{"Build ID", "id"}, {"Upload ID", "upload_id"}, {"Provider", "provider"}, {"Image", "image"},
	{"Provider Image Name", "external_name"}, {"Provider Image ID", "external_id"}, {"State", "state"}, {"Age", "age"},
}

// UploadTable is the image list, by image, build, provider and upload. Source: operator-surface.md 1.7 and 1.8.
func UploadTable(uploads []*record.ImageUpload, now time.Time) Table {
	t := Table{Columns: uploadColumns}
	uploads = slices.Clone(uploads)
	slices.SortStableFunc(uploads, func(a, b *record.ImageUpload) int {
		return cmp.Or(cmp.Compare(a.Image, b.Image), cmp.Compare(a.Build, b.Build), cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.ID, b.ID))
	})
	for _, u := range uploads {
		t.Rows = append(t.Rows, []any{
			u.Build, u.ID, u.Provider, u.Image, text(u.ExternalName), text(u.ExternalID), string(u.State), stamp(u.StateTime, now),
		})
	}
	return t
}

var buildColumns = []Column{
	{"ID", "id"}, {"Image", "image"}, {"Builder", "builder"}, {"Formats", "formats"}, {"State", "state"}, {"Age", "age"},
}

// statePaused is shown in place of the state of every build of a paused image.
const statePaused = "paused"

// BuildTable is the list of image builds, by image and build. paused names the images with a pause flag.
func BuildTable(builds []*record.ImageBuild, paused map[string]bool, now time.Time) Table {
	t := Table{Columns: buildColumns}
	builds = slices.Clone(builds)
	slices.SortStableFunc(builds, func(a, b *record.ImageBuild) int {
		return cmp.Or(cmp.Compare(a.Image, b.Image), cmp.Compare(a.ID, b.ID))
	})
	for _, b := range builds {
		state := string(b.State)
		if paused[b.Image] {
			state = statePaused
		}
		formats := b.Formats
		if b.State == record.BuildFailed {
			formats = nil // nothing was made
		}
		t.Rows = append(t.Rows, []any{b.Image + "-" + b.ID, b.Image, text(b.Builder), list(formats), state, stamp(b.StateTime, now)})
	}
	return t
}

// ImageState is what is asked of an image.
type ImageState struct {
	Image  string
	Paused bool
	// BuildRequest is "" when nobody asked for a build, `pending` or `building`.
	BuildRequest string
	// RequestedAt is when somebody did, in Unix seconds.
	RequestedAt float64
}

var imageStateColumns = []Column{
	{"Image", "image"}, {"Paused", "paused"}, {"Build Request", "build_request"}, {"Build Request Age", "build_request_age"},
}

// ImageStateTable is the image status, by image.
func ImageStateTable(images []ImageState, now time.Time) Table {
	t := Table{Columns: imageStateColumns}
	images = slices.Clone(images)
	slices.SortStableFunc(images, func(a, b ImageState) int { return cmp.Compare(a.Image, b.Image) })
	for _, i := range images {
		var at any
		if i.BuildRequest != "" {
			at = stamp(i.RequestedAt, now)
		}
		t.Rows = append(t.Rows, []any{i.Image, i.Paused, text(i.BuildRequest), at})
	}
	return t
}
