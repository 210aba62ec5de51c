package books

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// entry is a line of the files: exactly one of its fields is set.
type entry struct {
	Head     *head       `json:"head,omitempty"` // first line of a snapshot
	Totals   *totalsOf   `json:"totals,omitempty"`
	Settings *settingsOf `json:"settings,omitempty"`
	Instance *instance   `json:"instance,omitempty"` // replaces what was known of it
	Past     *instance   `json:"past,omitempty"`     // snapshot: gone, and in the totals already
	Object   *api.Object `json:"object,omitempty"`
	Drop     *dropped    `json:"drop,omitempty"`
}

type head struct {
	Generation int    `json:"generation"` // of the journal that follows
	Starts     uint32 `json:"starts"`
	Salt       uint32 `json:"salt"`
	Seq        uint32 `json:"seq"`
}

type totalsOf struct {
	Project string `json:"project"`
	totals
}

type settingsOf struct {
	Project string `json:"project"`
	api.Settings
}

type dropped struct{ Project, ID string }

// journal is an append-only file of entries. A write that fails is taken back.
type journal struct {
	dir  string
	lock *os.File
	file *os.File
	size int64
	len  int
	bad  error
}

func (j *journal) append(e entry) error {
	if j.bad != nil {
		return fmt.Errorf("the journal is damaged: %w", j.bad)
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		j.bad = j.file.Truncate(j.size)
		return fmt.Errorf("write the journal: %w", err)
	}
	j.size += int64(len(line)) + 1
	j.len++
	return nil
}

// read gives each whole line of a file to take. Half a line at the end was left by a cloud that was killed; it answered
// nobody for it.
func read(path string, take func(entry) error) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	in := bytes.NewBuffer(data)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("%s line %d: %w", path, n, err)
		}
		if err := take(e); err != nil {
			return fmt.Errorf("%s line %d: %w", path, n, err)
		}
	}
}
