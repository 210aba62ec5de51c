package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
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

	if left := processes(w.nodesDir()); len(left) > 0 {
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

// processes lists those that work in dir or name it on their command line; dir is a folder of
// ours that nobody else uses.
func processes(dir string) []int {
	entries, _ := os.ReadDir("/proc")
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		line, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		cwd, _ := os.Readlink(filepath.Join("/proc", e.Name(), "cwd"))
		if strings.Contains(string(line), dir) || cwd == dir || strings.HasPrefix(cwd, dir+"/") {
			pids = append(pids, pid)
		}
	}
	return pids
}

// endProcesses ends what an unfinished demo leaves behind: sshd servers, which run on their own,
// and Terraform runs with their provisioners. These may be starting one more, hence the repetition.
func endProcesses(dir string) error {
	for range 50 {
		left := processes(dir)
		if len(left) == 0 {
			return nil
		}
		for _, pid := range left {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("processes %v of %s do not end", processes(dir), dir)
}
