//go:build aws

package main

import (
	"regexp"
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
	id := l.submit("capacity")
	l.wait(id, record.RequestFailed)
	l.logged(`msg=console`)
	l.logged("Linux version") // moto's
	node := regexp.MustCompile(`msg=console node=(\S+)`).FindStringSubmatch(l.Log())
	if text, _ := l.explain(node[1]); strings.Contains(text, "Linux version") || !strings.Contains(text, "launch attempt failed") {
		t.Errorf("the page, which is open to everybody, tells why a launch failed and not what the console says: %s", text)
	}
	l.gone()
	l.stop()
}
