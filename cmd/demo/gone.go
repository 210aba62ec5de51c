package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// gone waits until nothing of the nodes is left: record, process, folder, Terraform state.
func (w *world) gone(ctx context.Context, nodes []*record.Node) error {
	err := w.tree.until(ctx, "the node records are gone", func() bool {
		for _, n := range nodes {
			if w.tree.nodes[n.ID] != nil {
				return false
			}
		}
		return true
	})
	if err != nil {
		return err
	}
	w.show.flush()
	w.show.fact("records", "no node record in ZooKeeper")

	if left := rig.Processes(w.nodesDir()); len(left) > 0 {
		return fmt.Errorf("sshd still runs: pid %v", left)
	}
	folders, err := os.ReadDir(w.nodesDir())
	if err != nil {
		return err
	}
	if len(folders) > 0 {
		return fmt.Errorf("%d node folders are left in %s", len(folders), w.nodesDir())
	}
	w.show.fact("processes", "no sshd, no folder of a node")

	files, resources, err := terraformState(w.stateDir())
	if err != nil {
		return err
	}
	if resources > 0 {
		return fmt.Errorf("%d resources are left in %d state files below %s", resources, files, w.stateDir())
	}
	w.show.fact("terraform", "no resource in any state (%d state files kept)", files)
	return nil
}

// terraformState counts the state files below dir and the resources in them.
func terraformState(dir string) (files, resources int, err error) {
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // the daemon tidies up meanwhile
		}
		if err != nil || filepath.Ext(path) != ".tfstate" {
			return err
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && len(data) == 0 {
			return nil
		}
		var state struct {
			Resources []struct {
				Mode      string
				Instances []json.RawMessage
			}
		}
		if err == nil {
			err = json.Unmarshal(data, &state)
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		files++
		for _, r := range state.Resources {
			if r.Mode == "managed" {
				resources += len(r.Instances)
			}
		}
		return nil
	})
	return files, resources, err
}
