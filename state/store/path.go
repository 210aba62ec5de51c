package store

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

const (
	launchersPath  = "/nodepool-tf/launchers"
	workspacesPath = "/nodepool-tf/workspaces"
	blobsPath      = "/nodepool-tf/blobs"
)

func launcherPath(id string) string    { return launchersPath + "/" + id }
func alivePath(id string) string       { return launcherPath(id) + "/alive" }
func gonePath(id string) string        { return launcherPath(id) + "/gone" }
func ownedPath(id string) string       { return launcherPath(id) + "/workspaces" }
func pointerPath(id, ws string) string { return ownedPath(id) + "/" + ws }
func documentPath(ws string) string    { return workspacesPath + "/" + ws }
func kindPath(kind string) string      { return blobsPath + "/" + kind }
func blobPath(kind, name string) string {
	return kindPath(kind) + "/" + name
}

// longestName bounds a path segment, in bytes: paths of a thousand operations must fit into one packet.
const longestName = 200

// checkName refuses what cannot be one segment of a ZooKeeper path.
func checkName(what, name string) error {
	switch {
	case name == "" || name == "." || name == "..":
		return fmt.Errorf("%s %q cannot be a name in ZooKeeper", what, name)
	case len(name) > longestName:
		return fmt.Errorf("%s %.20q… is longer than %d bytes", what, name, longestName)
	case !utf8.ValidString(name):
		return fmt.Errorf("%s %q is not UTF-8", what, name)
	}
	for _, r := range name {
		if r == '/' || !unicode.IsPrint(r) || r >= 0xfff0 && r <= 0xffff {
			return fmt.Errorf("%s %q contains %q, which cannot be in a name in ZooKeeper", what, name, r)
		}
	}
	return nil
}
