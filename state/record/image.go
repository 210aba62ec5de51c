package record

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// BuildState is the life-cycle state of an image build.
type BuildState string

// The build states.
const (
	BuildBuilding BuildState = "building"
	BuildReady    BuildState = "ready"
	BuildDeleting BuildState = "deleting"
	BuildFailed   BuildState = "failed"
)

// UploadState is the life-cycle state of an image upload.
type UploadState string

// The upload states.
const (
	UploadUploading UploadState = "uploading"
	UploadReady     UploadState = "ready"
	UploadDeleting  UploadState = "deleting"
	UploadFailed    UploadState = "failed"
)

// ImageBuild is one build of a diskimage, /nodepool/images/<image>/builds/<id> (protocol.md 2.3). "" in a string field
// stands for JSON null.
type ImageBuild struct {
	Image, ID  string     // of the path; not part of the JSON
	State      BuildState // never empty
	StateTime  float64    // Unix seconds of the last state change
	Builder    string     // host name of the builder
	BuilderID  string
	Formats    []string // while building those planned, then those made
	Username   string
	PythonPath string
	ShellType  string

	// Problems names the fields that could not be read; see Node.
	Problems []string

	left
}

// ParseImageBuild reads the data of a build's znode. It fails on anything but a JSON object with a known state.
func ParseImageBuild(image, id string, data []byte) (*ImageBuild, error) {
	f, err := parseObject(data)
	if err != nil {
		return nil, fmt.Errorf("parse build %s of image %s: %w", id, image, err)
	}
	b := &ImageBuild{
		Image: image, ID: id,
		State:      BuildState(f.str("state")),
		StateTime:  f.numOrZero("state_time"),
		Builder:    f.str("builder"),
		BuilderID:  f.str("builder_id"),
		Formats:    split(f.str("formats")),
		Username:   f.strOr("username", "zuul"),
		PythonPath: f.strOr("python_path", "/usr/bin/python2"),
		ShellType:  f.str("shell_type"),
	}
	switch b.State {
	case BuildBuilding, BuildReady, BuildDeleting, BuildFailed:
	default:
		return nil, fmt.Errorf("parse build %s of image %s: state %q is missing or unknown", id, image, b.State)
	}
	b.Problems, b.left = f.problems, f.leave()
	return b, nil
}

// Encode writes the record as upstream does: builder, builder_id and formats only where they are set.
func (b *ImageBuild) Encode() []byte {
	w := newWriter(b.bad)
	w.some("builder", b.Builder)
	w.some("builder_id", b.BuilderID)
	w.some("formats", strings.Join(b.Formats, ","))
	w.str("state", string(b.State))
	w.num("state_time", b.StateTime, 0)
	w.str("username", b.Username)
	w.str("python_path", b.PythonPath)
	w.str("shell_type", b.ShellType)
	w.extras(b.extras)
	return w.done()
}

// SetState changes the state and stamps its time.
func (b *ImageBuild) SetState(s BuildState, now time.Time) { b.State, b.StateTime = s, Now(now) }

// ImageUpload is one upload of a build to a provider,
// /nodepool/images/<image>/builds/<build>/providers/<provider>/images/<id> (protocol.md 2.4).
type ImageUpload struct {
	Image, Build, Provider, ID string      // of the path; not part of the JSON
	State                      UploadState // never empty
	StateTime                  float64     // Unix seconds of the last state change
	ExternalID                 string      // in the cloud
	ExternalName               string
	Format                     string // file extension without dot
	Username                   string
	PythonPath                 string
	ShellType                  string

	// Problems names the fields that could not be read; see Node.
	Problems []string

	left
}

// ParseImageUpload reads the data of an upload's znode. It fails on anything but a JSON object with a known state.
func ParseImageUpload(image, build, provider, id string, data []byte) (*ImageUpload, error) {
	f, err := parseObject(data)
	if err != nil {
		return nil, fmt.Errorf("parse upload %s of image %s to provider %s: %w", id, image, provider, err)
	}
	u := &ImageUpload{
		Image: image, Build: build, Provider: provider, ID: id,
		State:        UploadState(f.str("state")),
		StateTime:    f.numOrZero("state_time"),
		ExternalID:   f.str("external_id"),
		ExternalName: f.str("external_name"),
		Format:       f.str("format"),
		Username:     f.strOr("username", "zuul"),
		PythonPath:   f.strOr("python_path", "/usr/bin/python2"),
		ShellType:    f.str("shell_type"),
	}
	switch u.State {
	case UploadUploading, UploadReady, UploadDeleting, UploadFailed:
	default:
		return nil, fmt.Errorf("parse upload %s of image %s to provider %s: state %q is missing or unknown", id, image, provider, u.State)
	}
	u.Problems, u.left = f.problems, f.leave()
	return u, nil
}

// Encode writes every key of protocol.md 2.4, then the unknown keys in sorted order.
func (u *ImageUpload) Encode() []byte {
	w := newWriter(u.bad)
	w.str("external_id", u.ExternalID)
	w.str("external_name", u.ExternalName)
	w.str("format", u.Format)
	w.str("state", string(u.State))
	w.num("state_time", u.StateTime, 0)
	w.str("username", u.Username)
	w.str("python_path", u.PythonPath)
	w.str("shell_type", u.ShellType)
	w.extras(u.extras)
	return w.done()
}

// SetState changes the state and stamps its time.
func (u *ImageUpload) SetState(s UploadState, now time.Time) { u.State, u.StateTime = s, Now(now) }

// split reads comma-joined words; there are none in "".
func split(s string) []string {
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ',' })
	if words == nil {
		return []string{}
	}
	return words
}

// left is what a record held beyond what was read of it, to be written back.
type left struct {
	bad    map[string]json.RawMessage
	extras map[string]json.RawMessage
}

func (f *fields) leave() left { return left{bad: f.bad, extras: f.rest()} }

// some writes a string only where there is one.
func (w *writer) some(k, v string) {
	if _, unreadable := w.bad[k]; v != "" || unreadable {
		w.str(k, v)
	}
}
