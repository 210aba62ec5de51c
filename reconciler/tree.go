package reconciler

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-zookeeper/zk"
	"github.com/google/uuid"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// treeIDPath holds a random id of the ZooKeeper tree, in our own root (protocol.md 1.2).
const treeIDPath = "/nodepool-tf/tree-id"

// treeFile remembers, in a state directory, the tree that its workspaces belong to.
func treeFile(stateDir string) string { return filepath.Join(stateDir, "zookeeper-tree") }

// treeError says that the state directory belongs to another ZooKeeper tree.
type treeError struct{ file, here, there string }

func (e *treeError) Error() string {
	return fmt.Sprintf("the workspaces in %s were made for another ZooKeeper tree (%s, this one is %s): with this one, every node in them would look forgotten and be destroyed. "+
		"Check zookeeper-servers and chroot, or use another terraform.state-dir; if the tree was really lost and its nodes shall go, remove %s",
		filepath.Dir(e.file), e.here, e.there, e.file)
}

// bindTree makes sure that the state directory's workspaces belong to the ZooKeeper tree that s sees: a node without
// a record is destroyed, so a typo in the configuration must not show us an empty tree.
func (l *Launcher) bindTree(ctx context.Context, s *session.Session) (id string, err error) {
	id, err = treeID(ctx, s)
	if err != nil {
		return "", err
	}
	file := l.treeFile()
	data, err := os.ReadFile(file)
	if os.IsNotExist(err) || err == nil && len(data) == 0 { // written in one step, so an empty one is an old release's, torn
		return id, execute.WriteDurable(file, []byte(id+"\n"))
	}
	if err != nil {
		return "", err
	}
	if known := strings.TrimSpace(string(data)); known != id {
		return "", &treeError{file: file, here: known, there: id}
	}
	return id, nil
}

func treeID(ctx context.Context, s *session.Session) (string, error) {
	for {
		data, _, err := s.Get(ctx, treeIDPath)
		if err == nil && len(data) > 0 {
			return string(data), nil
		}
		if err != nil && !errors.Is(err, zk.ErrNoNode) {
			return "", err
		}
		_, err = s.CreateAll(ctx, treeIDPath, []byte(uuid.NewString()), 0)
		if err != nil && !errors.Is(err, zk.ErrNodeExists) && !errors.Is(err, zk.ErrConnectionClosed) {
			return "", err
		}
	}
}

// stateID is a random id of the state directory. It is written into each node's record: only the launcher with that
// directory can destroy the node's resources.
func stateID(dir string) (string, error) {
	file := filepath.Join(dir, "id")
	data, err := os.ReadFile(file)
	if err == nil && len(strings.TrimSpace(string(data))) > 0 {
		return strings.TrimSpace(string(data)), nil
	}
	if err != nil && !os.IsNotExist(err) {
		return "", err
	}
	id := uuid.NewString()
	return id, execute.WriteDurable(file, []byte(id+"\n"))
}
