package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// recordFile is what makes a folder a workspace. It is on disk before Terraform runs, so that whatever that may have made is
// remembered.
const recordFile = "workspace.json"

// Record is the persistent form of a workspace.
type Record struct {
	ID       string           `json:"id"`
	Provider string           `json:"provider"`
	Base     string           `json:"base"` // the initialised sibling it was made from
	Created  time.Time        `json:"created"`
	Slots    map[string]*Slot `json:"slots"` // by module block name
}

// Slot is one module block: one launch attempt of one node. What was rendered for it stays in <name>.tf, byte for
// byte, until it is destroyed.
type Slot struct {
	Node    string            `json:"node"`
	Attempt int               `json:"attempt"` // from 1
	Request string            `json:"request"`
	Pool    string            `json:"pool"`
	Label   string            `json:"label"`
	Vars    modules.NodeVars  `json:"vars"`
	Outputs map[string]string `json:"outputs"` // node field: expression, as configured at launch
	// InternalIP is the pool's use-internal-ip at launch.
	InternalIP bool `json:"internal_ip"`
	// Created is set once the create run for this slot has ended, whatever came of it.
	Created bool `json:"created"`
	// Made is set when the state was seen to hold something of the slot: from then on an empty or missing state is a
	// lost one, and no sign that there is nothing to destroy.
	Made bool `json:"made,omitempty"`
	// AtCloud counts what the state held of the slot at the cloud when its create run had ended well: with less than that,
	// part of it has vanished. 0 where that is not known.
	AtCloud int `json:"at_cloud,omitempty"`
	// Class and Error say why the attempt failed, empty when it did not.
	Class execute.Class `json:"class,omitempty"`
	Error string        `json:"error,omitempty"`
	// Doomed is set when the slot is to be destroyed.
	Doomed bool `json:"doomed"`
}

// SlotName is the module block name of a launch attempt: the node's id is the key of everything, and a failed attempt
// is never retried under its own name (Terraform would plan to replace what is left of it).
func SlotName(node string, attempt int) string {
	if attempt <= 1 {
		return "n" + node
	}
	return fmt.Sprintf("n%s-%d", node, attempt)
}

// without is the record with some slots left out.
func (r *Record) without(gone []string) *Record {
	left := *r
	left.Slots = maps.Clone(r.Slots)
	for _, name := range gone {
		delete(left.Slots, name)
	}
	return &left
}

// pending are the slots whose create run has not ended, or whose end nobody has seen.
func (r *Record) pending() (names []string) {
	for _, name := range r.names() {
		if !r.Slots[name].Created {
			names = append(names, name)
		}
	}
	return names
}

// lose ends the create run of a host or daemon that is lost, by what the state holds: a slot that is complete is created,
// perhaps handed over and in use; others were killed. It reports whether any was: the cloud may have more than the state says.
func (r *Record) lose(view execute.StateView) (unsure bool) {
	for _, name := range r.pending() {
		s := r.Slots[name]
		if _, complete := view.Results[name]; !complete {
			s.Class, s.Error = execute.Killed, errLauncherLost.Error()
			unsure = true
		}
		s.Created = true
	}
	for name, s := range r.Slots {
		s.Made = s.Made || !view.Empty(name)
	}
	return unsure
}

func (r *Record) encode() []byte {
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		panic(err) // it holds nothing that JSON cannot say
	}
	return append(data, '\n')
}

func saveRecord(dir string, data []byte) error {
	return execute.WriteDurable(filepath.Join(dir, recordFile), data)
}

func (r *Record) names() []string {
	return slices.Sorted(maps.Keys(r.Slots))
}

// loadRecord reads a workspace folder's record.
func loadRecord(dir string) (*Record, error) {
	data, err := os.ReadFile(filepath.Join(dir, recordFile))
	if err != nil {
		return nil, err
	}
	r, err := parseRecord(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, recordFile), err)
	}
	return r, nil
}

func parseRecord(data []byte) (*Record, error) {
	r := &Record{}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, err
	}
	if r.ID == "" || r.Provider == "" {
		return nil, errors.New("id or provider is missing")
	}
	for name, s := range r.Slots {
		if s == nil || s.Node == "" {
			return nil, fmt.Errorf("slot %s names no node", name)
		}
		if !plainID.MatchString(name) {
			return nil, fmt.Errorf("%q is no name of a slot", name)
		}
	}
	return r, nil
}

// RecordOf reads the record in a workspace's copy.
func RecordOf(d store.Document) (*Record, error) {
	r, err := parseRecord(d.Files[recordFile])
	if err != nil {
		return nil, fmt.Errorf("the copy of a workspace: %w", err)
	}
	return r, nil
}

// Names are the names of the slots, sorted.
func (r *Record) Names() []string { return r.names() }
