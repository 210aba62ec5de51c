package store

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Document is the copy of one workspace. All but Files can be read in ZooKeeper without the key.
type Document struct {
	Provider string            // as in the configuration
	Engine   string            // terraform or opentofu
	Base     string            // what the workspace was initialised from
	Serial   uint64            // of the Terraform state, 0 for none
	Backend  string            // the type of the Terraform backend that holds the state; "" where it is among the files
	Run      *Run              // set while a run may be in flight
	Files    map[string][]byte // by plain file name
}

// Run is what Terraform may be doing in a workspace.
type Run struct {
	Kind   string
	Within time.Duration // so long after its launcher's lease was lost it has ended for sure
}

// About is what a launcher tells the others of itself.
type About struct {
	Hostname  string   `json:"hostname"`
	Version   string   `json:"version"`
	Providers []string `json:"providers"`
	Since     float64  `json:"since"` // start of the process, seconds since 1970
	// AsksAgain is the promise that it asks for a blob at most a day before it writes a document that names it (see OldBlob).
	AsksAgain bool `json:"asks_again,omitempty"`
}

// Launcher is another launcher as it is found in ZooKeeper.
type Launcher struct {
	ID    string
	About About // zero when it cannot be read
	Alive bool  // it holds its lease
	// Gone is for how long it has been seen without its lease, by one launcher after another (see NoteGone).
	Gone    time.Duration
	Version int32 // of its znode, which each claim of the lease changes
}

// check refuses a document that could not be read back.
func (d *Document) check() error {
	if len(d.Files) > maxFiles {
		return fmt.Errorf("%d files, at most %d can be kept", len(d.Files), maxFiles)
	}
	for name := range d.Files {
		if err := checkFileName(name); err != nil {
			return err
		}
	}
	if d.Run != nil && d.Run.Within < 0 {
		return errors.New("a run cannot end before its lease is lost")
	}
	return nil
}

// checkFileName takes plain names only: whoever takes a workspace over writes files of these names into a folder, and
// ZooKeeper is not to choose another one. A leading dot is fine, .terraform.lock.hcl has one.
func checkFileName(name string) error {
	bad := name == "" || len(name) > 255 || strings.HasPrefix(name, "..") || name == "." ||
		strings.ContainsAny(name, `/\:`) || !utf8.ValidString(name) ||
		strings.ContainsFunc(name, unicode.IsControl)
	if bad {
		return fmt.Errorf("%.80q is not a plain file name", name)
	}
	return nil
}
