package reconciler

import (
	"errors"
	"slices"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// zookeeperAway tells whether something may have failed only because ZooKeeper was away.
func (lp *loop) zookeeperAway(err error) bool {
	return lp.s.Err() != nil || lp.s.Suspended() ||
		slices.ContainsFunc([]error{zk.ErrConnectionClosed, session.ErrExpired}, func(is error) bool { return errors.Is(err, is) })
}
