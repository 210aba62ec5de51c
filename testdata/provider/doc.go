// Package provider builds a small Terraform provider of our own and serves it from a filesystem mirror, so that tests
// meet a real plugin (handshake, lock file, .terraform/providers) without a network.
//
// The plugin itself is package plugin: one resource, simcloud_server, whose books are files in a folder. Tests, cmd/demo
// and cmd/bench may import this package; nothing else does.
package provider
