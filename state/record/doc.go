// Package record holds the JSON records that nodepool-tf shares with Zuul and
// the Python Nodepool through ZooKeeper: requests, nodes and components.
//
// It owns the exact wire form: every documented key is written every time,
// lists are never null, and keys it does not know are kept and written back.
// It never talks to ZooKeeper, reads a clock or a file: records are values.
//
// Source of the form: protocol.md section 2, which was read off
// nodepool/zk/zookeeper.py and zuul/model.py.
//
// Anybody may import it; it imports the standard library and google/uuid only.
package record
