// Package demo holds the Terraform module that `make demo` lets the daemon use. It owns no code;
// cmd/demo and tests write the module somewhere and point a provider at it.
package demo

import "embed"

// Module is the module, in the folder sshd.
//
//go:embed sshd
var Module embed.FS
