package main

import (
	"strings"

	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// instantConfig has a label whose nodes take no time.
const instantConfig = `
labels: [{name: small}, {name: large}]
providers:
  - name: local
    driver: terraform
    region: here
    module: {source: %INSTANT%}
    pools:
      - name: main
        max-servers: 20
        host-key-checking: false
        node-attributes: {executor-zone: eu}
        labels:
          - name: small
            inputs: {name: "${node.hostname}"}
          - name: large
            username: worker
            connection-port: 2222
            resources: {cores: 4, ram: 8192}
            inputs: {name: "${node.hostname}"}
`

// gatedConfig has a label whose creation waits for a file.
const gatedConfig = `
labels: [{name: gated}]
providers:
  - name: local
    driver: terraform
    launch-timeout: 60
    module: {source: %GATED%}
    pools:
      - name: main
        max-servers: 20
        host-key-checking: false
        labels:
          - name: gated
            inputs: {name: "${node.hostname}", dir: "%GATES%"}
`

// quota changes max-servers.
func quota(n string) func(*rig.Options) {
	return func(o *rig.Options) { o.Config = strings.Replace(o.Config, "max-servers: 20", "max-servers: "+n, 1) }
}

// shortSession makes a dead launcher's locks go within two seconds.
func shortSession(o *rig.Options) { o.Timeout = 2 }
