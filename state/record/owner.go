package record

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"iter"
	"strings"

	"github.com/google/uuid"
)

// ownerKey is our own key in node records: the id of the state directory whose workspaces hold the node.
const ownerKey = ExtraPrefix + "state"

// Owner is the id of the launcher (of its state directory) whose workspaces hold the node, as the record says; "" for
// nodes that no nodepool-tf made, and for those whose record Nodepool has written since: it keeps no keys but its own.
func (n *Node) Owner() string {
	var id string
	_ = json.Unmarshal(n.Extra(ownerKey), &id)
	return id
}

// SetOwner notes whose workspaces hold the node.
func (n *Node) SetOwner(id string) {
	v, _ := json.Marshal(id)    // a string always encodes
	_ = n.SetExtra(ownerKey, v) // the key has our prefix
}

// OwnerAmong is Owner, and where the record does not say it, the one of the given launchers whose pool made the node. One
// that is not among them is given a name that nobody has. "" is left for nodes that no nodepool-tf made.
func (n *Node) OwnerAmong(launchers iter.Seq[string]) string {
	if owner := n.Owner(); owner != "" {
		return owner
	}
	mark, ours := poolMark(n.Launcher)
	if !ours {
		return ""
	}
	for id := range launchers {
		if mark == ownerMark(id) {
			return id
		}
	}
	return "unknown " + mark
}

// The random part of our pool ids is a UUID of version 8, where Nodepool's are of version 4: the digits before the version
// and the three after it tell whose it is.
const (
	poolDigits = 32
	version    = 12 // which digit
	markDigits = 15
)

// ownerMark makes 60 bits of the id of a state directory.
func ownerMark(owner string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(owner)))[:markDigits]
}

// poolMark reads the mark in a pool id; ours is unset for Nodepool's.
func poolMark(pool string) (mark string, ours bool) {
	digits := pool[strings.LastIndexByte(pool, '-')+1:]
	if len(digits) != poolDigits || digits[version] != '8' {
		return "", false
	}
	return digits[:version] + digits[version+1:markDigits+1], true
}

// ownedHex is the random part of a pool id.
func ownedHex(owner string) string {
	mark := ownerMark(owner)
	random := strings.ReplaceAll(uuid.NewString(), "-", "")
	return mark[:version] + "8" + mark[version:] + random[markDigits+1:]
}
