// Package web is the launcher's HTTP server: the lists that Nodepool's webapp serves, with the same paths, columns, JSON
// and headers (operator-surface.md 2), health checks, /metrics, and the dashboard, which is a handler given to it.
//
// It owns sockets and a cache of rendered answers. It never changes anything in ZooKeeper or the cloud, shows nothing that
// package status would not, and keeps nothing about who asks. What it shows comes from a Source: the launcher's snapshot,
// and for images and locks, which no launcher follows, reads of ZooKeeper. Only cmd imports it.
package web
