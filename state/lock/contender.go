package lock

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/go-zookeeper/zk"
	"github.com/google/uuid"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// marker stands between the uuid and the sequence number in a contender's name.
const marker = "__lock__"

// sequenced finds the sequence of a contender; names that do not match are not
// contenders, whatever they are. The sign appears when the counter overflowed.
var sequenced = regexp.MustCompile(marker + `(-?[0-9]{10})$`)

// sequence returns the part of a contender's name that orders it.
func sequence(name string) (string, bool) {
	m := sequenced.FindStringSubmatch(name)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// Order returns the contenders among the children of a lock directory, the
// holder first. Sequences compare as strings, as in kazoo.
func Order(children []string) []string {
	var names []string
	for _, name := range children {
		if _, ok := sequence(name); ok {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		sa, _ := sequence(a)
		sb, _ := sequence(b)
		return strings.Compare(sa, sb)
	})
	return names
}

// Contenders lists the contenders of the lock on dir, the holder first; nil if
// dir does not exist. Unlike kazoo it never creates dir, which could bring a
// deleted node back.
func Contenders(ctx context.Context, s *session.Session, dir string) ([]string, error) {
	children, _, err := s.Children(ctx, dir)
	if errors.Is(err, zk.ErrNoNode) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list contenders: %w", err)
	}
	return Order(children), nil
}

// newPrefix makes the part of a contender's name that is ours alone.
func newPrefix() string {
	return strings.ReplaceAll(uuid.NewString(), "-", "") + marker
}
