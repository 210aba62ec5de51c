package session

import (
	"context"
	"fmt"

	"github.com/go-zookeeper/zk"
)

// CreateOp is Create as part of a Multi.
func CreateOp(path string, data []byte, flags int32) any {
	return &zk.CreateRequest{Path: path, Data: nonNil(data), Acl: worldACL, Flags: flags}
}

// SetOp is Set as part of a Multi.
func SetOp(path string, data []byte, version int32) any {
	return &zk.SetDataRequest{Path: path, Data: nonNil(data), Version: version}
}

// DeleteOp is Delete as part of a Multi.
func DeleteOp(path string, version int32) any {
	return &zk.DeleteRequest{Path: path, Version: version}
}

// CheckOp makes a Multi fail unless path has the given version, -1 for any.
func CheckOp(path string, version int32) any {
	return &zk.CheckVersionRequest{Path: path, Version: version}
}

// Multi does all of the operations or none. The error is that of the first
// failing operation. zk.ErrConnectionClosed means that all may have been done.
// Do not reuse the paths of a response that came with an error.
func (s *Session) Multi(ctx context.Context, ops ...any) ([]zk.MultiResponse, error) {
	rooted, what, err := s.root(ops)
	if err != nil {
		return nil, err
	}
	res, err := call(ctx, s, func(c *zk.Conn) ([]zk.MultiResponse, error) { return c.Multi(rooted...) })
	for i := range res {
		if res[i].String != "" {
			res[i].String = s.strip(res[i].String)
		}
	}
	if err != nil {
		return res, fmt.Errorf("%s: %w", what, err)
	}
	return res, nil
}

// root copies the operations with the chroot added, and describes them.
func (s *Session) root(ops []any) (rooted []any, what string, err error) {
	size := 0
	what = "multi"
	for _, op := range ops {
		switch o := op.(type) {
		case *zk.CreateRequest:
			c := *o
			c.Path = s.full(o.Path)
			rooted, what, size = append(rooted, &c), what+" create "+o.Path, size+len(c.Path)+len(c.Data)
		case *zk.SetDataRequest:
			c := *o
			c.Path = s.full(o.Path)
			rooted, what, size = append(rooted, &c), what+" set "+o.Path, size+len(c.Path)+len(c.Data)
		case *zk.DeleteRequest:
			c := *o
			c.Path = s.full(o.Path)
			rooted, what, size = append(rooted, &c), what+" delete "+o.Path, size+len(c.Path)
		case *zk.CheckVersionRequest:
			c := *o
			c.Path = s.full(o.Path)
			rooted, what, size = append(rooted, &c), what+" check "+o.Path, size+len(c.Path)
		default:
			return nil, "", fmt.Errorf("multi: %T is not an operation made by this package", op)
		}
	}
	return rooted, what, checkSize(size + 64*len(ops))
}
