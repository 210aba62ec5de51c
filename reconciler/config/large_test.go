package config

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// large makes a configuration of a big site: labels over many providers, about
// 370 bytes a label.
func large(labels int) string {
	const each = 500
	var b strings.Builder
	b.WriteString("labels:\n")
	for i := range labels {
		fmt.Fprintf(&b, "  - {name: label-%d, min-ready: 1}\n", i)
	}
	b.WriteString("providers:\n")
	for first := 0; first < labels; first += each {
		fmt.Fprintf(&b, "  - name: cloud-%d\n    driver: openstack\n    cloud: c\n    cloud-images:\n", first)
		for i := range each {
			fmt.Fprintf(&b, "      - {name: image-%d, image-name: ubuntu-%d, username: ubuntu}\n", i, i)
		}
		b.WriteString("    pools:\n      - name: main\n        max-servers: 100\n        labels:\n")
		for i := range each {
			fmt.Fprintf(&b, `          - name: label-%d
            cloud-image: image-%d
            min-ram: 8000
            flavor-name: c2
            key-name: ci-admin
            instance-properties: {purpose: ci, number: %d}
            networks: [ci-net, storage-net]
`, first+i, i, i)
		}
	}
	return b.String()
}

// TestLarge: sites have files of 2 to 3 MB (operator-surface.md 8).
func TestLarge(t *testing.T) {
	text := large(8500)
	if len(text) < 3_000_000 {
		t.Fatalf("only %d bytes", len(text))
	}
	cfg := load(t, text)
	if n := len(cfg.Providers); n != 17 || len(cfg.Providers[16].Pools[0].Labels) != 500 {
		t.Errorf("%d providers", n)
	}
}

// BenchmarkLoad: what a reload costs; it grows with the size of the file.
func BenchmarkLoad(b *testing.B) {
	for _, labels := range []int{500, 4000} {
		text := large(labels)
		b.Run(fmt.Sprintf("%dkB", len(text)/1000), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "nodepool.yaml")
			write(b, path, []byte(text))
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Load(path, "", nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
