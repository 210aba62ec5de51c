package main

import (
	"bytes"
	"text/template"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// The providers of the launchers' configuration, one for each driver.
const (
	simProvider  = "sim"
	rackProvider = "rack"
)

// Labels that are asked for in any mix, since one pool has them, and those that are asked for alone.
const (
	mixedLabels = "vm,big,spare"
	rackLabel   = "bench"
	bothLabel   = "both" // ours and Nodepool's
	pythonLabel = "py"   // Nodepool's only
)

// setup is what may change in a launcher's configuration.
type setup struct {
	MinReady, MaxServers int
	Timeout              int    // seconds that a machine has to answer
	Added                bool   // one label more
	Without              string // label or provider that is left out
}

// usual is what it is when nothing is going on.
var usual = setup{MinReady: 2, MaxServers: 30, Timeout: 5}

// Changes of a configuration. Those of broken leave a file that cannot be used.
const (
	changeServers  = "max-servers"
	changeMinReady = "min-ready"
	changeAdded    = "label added"
	changeLabel    = "label removed"
	changeSim      = "provider removed"
	changeRack     = "static provider removed"
)

var changes = []string{changeServers, changeMinReady, changeAdded, changeLabel, changeSim, changeRack, "unclosed", "empty", "missing", "binary"}

// broken gives files that cannot be used, nil for none at all.
func broken(change, whole string) (text []byte, ok bool) {
	switch change {
	case "unclosed":
		return []byte(whole[:len(whole)/2] + "\nlabels: [{name: \"\n"), true
	case "empty":
		return []byte{}, true
	case "missing":
		return nil, true
	case "binary":
		return []byte("\x7fELF\x02\x01\x00\x00" + whole), true
	}
	return nil, false
}

// after is the setup with a change; pick chooses how much of it.
func (s setup) after(change string, pick uint32) setup {
	switch change {
	case changeServers:
		s.MaxServers = 1 + int(pick%28)
	case changeMinReady:
		s.MinReady = []int{0, 1, 4}[pick%3]
	case changeAdded:
		s.Added = true
	case changeLabel:
		s.Without = "big"
	case changeSim:
		s.Without = simProvider
	case changeRack:
		s.Without = rackProvider
	}
	return s
}

// Labels of one pool, so that any mix can be asked for.
var configuration = template.Must(template.New("nodepool.yaml").Parse(`
labels: [{name: vm}, {name: big}, {name: spare, min-ready: {{.MinReady}}}, {name: both}, {name: bench}, {name: more}]
providers:
{{- if ne .Without "sim"}}
  - name: sim
    driver: terraform
    launch-retries: 3
    launch-timeout: 60
    clean-leaked: true
    required-providers: {simcloud: {source: "{{.Source}}"}}
    provider-config: {simcloud: {endpoint: "{{.Endpoint}}", project: {{.Project}}, token: {{.Secret}}}}
    module: {source: {{.Module}}}
    pools:
      - name: main
        max-servers: {{.MaxServers}}
        host-key-checking: false
        labels:
          - {name: vm, inputs: {flavor: small, {{.Common}}}}
{{- if ne .Without "big"}}
          - {name: big, inputs: {flavor: large, {{.Common}}}}
{{- end}}
          - {name: spare, inputs: {flavor: tiny, {{.Common}}}}
          - {name: both, inputs: {flavor: small, {{.Common}}}}
{{- if .Added}}
          - {name: more, inputs: {flavor: small, {{.Common}}}}
{{- end}}
{{- end}}
{{- if ne .Without "rack"}}
  - name: rack
    driver: static
    pools:
      - name: main
        nodes:
{{- range .Machines}}
          - {name: 127.0.0.1, labels: bench, connection-port: {{.Port}}, host-key: "{{.Key}}", max-parallel-jobs: {{.Slots}}, timeout: {{$.Timeout}}}
{{- end}}
{{- end}}
`))

// configuration is nodepool.yaml after ZooKeeper and Terraform.
func (w *world) configuration(s setup) string {
	var text bytes.Buffer
	err := configuration.Execute(&text, struct {
		setup
		Source, Endpoint, Project, Secret, Module, Common string
		Machines                                          []*machine
	}{
		s, cloud.Source, w.cloud.Endpoint(), project, secret, rig.Module("simcloud"),
		`name: "${node.hostname}", tags: "${node.tags}", timeouts: {create: 15s, delete: 15s}`, w.machines,
	})
	if err != nil {
		panic(err) // a template of ours on values of ours
	}
	return text.String()
}
