package nodepool

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"text/template"
)

// Options of a launcher: one provider with one pool, "main".
type Options struct {
	Servers  []string  // ZooKeeper, host:port
	Chroot   string    // of all servers, "" for none
	TLS      [3]string // certificate, key and CA files; Nodepool connects with TLS only
	Provider string    // name of the provider
	Labels   []string  // offered by the pool, each as the same fake server
	// Static are machines as YAML flow mappings: with any the provider is a static one of these, whose labels are Labels.
	Static   []string
	Priority int // of the pool; 0 means Nodepool's default
	Web      int // port of its web pages on 127.0.0.1; 0 means none
	MinReady int // of each label
	// Slots is a label of a second provider, "slots", metastatic: three slots on each node with the first of Labels.
	Slots string
}

// The cloud image makes every label ready at once, without a builder. Without a rate the driver
// sleeps a second between two calls to its cloud; this one is that of Nodepool's own tests.
var configTemplate = template.Must(template.New("nodepool.yaml").Parse(`zookeeper-servers:
{{- range .Hosts}}
  - {host: "{{.Host}}", port: {{.Port}}{{if .Chroot}}, chroot: {{printf "%q" .Chroot}}{{end}}}
{{- end}}
zookeeper-tls: {cert: {{printf "%q" (index .TLS 0)}}, key: {{printf "%q" (index .TLS 1)}}, ca: {{printf "%q" (index .TLS 2)}}}
{{- if .Web}}
webapp: {port: {{.Web}}, listen_address: 127.0.0.1}
{{- end}}
labels:
{{- range .Labels}}
  - {name: {{printf "%q" .}}, min-ready: {{$.MinReady}}}
{{- end}}
{{- with .Slots}}
  - {name: {{printf "%q" .}}}
{{- end}}
providers:
{{- if .Slots}}
  - name: slots
    driver: metastatic
    pools:
      - name: main
        labels:
          - {name: {{printf "%q" .Slots}}, backing-label: {{printf "%q" (index .Labels 0)}}, max-parallel-jobs: 3, grace-time: 2}
{{- end}}
{{- if .Static}}
  - name: {{printf "%q" .Provider}}
    driver: static
    pools:
      - name: main
        nodes:
{{- range .Static}}
          - {{.}}
{{- end}}
{{- else}}
  - name: {{printf "%q" .Provider}}
    driver: fake
    cloud: fake
    region-name: fake-region
    rate: 0.0001
    cloud-images:
      - {name: fake-image, image-name: Fake Precise, username: zuul}
    pools:
      - name: main
{{- if .Priority}}
        priority: {{.Priority}}
{{- end}}
        labels:
{{- range .Labels}}
          - {name: {{printf "%q" .}}, cloud-image: fake-image, min-ram: 8192}
{{- end}}
{{- end}}
`))

// The OpenStack library wants an account even for a cloud that is not there.
const cloudsYAML = `clouds:
  fake:
    auth: {username: fake, password: fake, project_id: fake, auth_url: fake}
`

type host struct{ Host, Port, Chroot string }

// writeConfig writes nodepool.yaml and clouds.yaml into dir.
func writeConfig(dir string, o Options) error {
	var hosts []host
	for i, s := range o.Servers {
		h, p, err := net.SplitHostPort(s)
		if err != nil {
			return fmt.Errorf("configure Nodepool: %w", err)
		}
		hosts = append(hosts, host{Host: h, Port: p})
		if i == len(o.Servers)-1 {
			hosts[i].Chroot = o.Chroot // kazoo takes what follows the first one for the chroot
		}
	}
	var buf bytes.Buffer
	err := configTemplate.Execute(&buf, struct {
		Options
		Hosts []host
	}{o, hosts})
	if err != nil {
		return fmt.Errorf("configure Nodepool: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "nodepool.yaml"), buf.Bytes(), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "clouds.yaml"), []byte(cloudsYAML), 0o600)
}
