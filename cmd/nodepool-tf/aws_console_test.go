//go:build aws

package main

import (
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// TestAWSConsole: what an instance that nobody can log into wrote to its console is in the log.
func TestAWSConsole(t *testing.T) {
	l := newEC2(t, strings.NewReplacer(
		"launch-retries: 2", "launch-retries: 1\n    boot-timeout: 3\n    outputs: {interface_ip: '\"127.0.0.1\"'}", "host-key-checking: false", "host-key-checking: true",
		"username: ci,", "username: ci, connection-port: 1,", "{name: capacity, cloud", "{name: capacity, console-log: true, cloud",
	).Replace(motoShort))
	l.start()
	l.wait(l.submit("capacity"), record.RequestFailed)
	l.logged(`msg=console`)
	l.logged("Linux version") // moto's
	l.gone()
	l.stop()
}
