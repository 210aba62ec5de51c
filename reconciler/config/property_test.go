package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const token = "tops3cret-value"

// seeds are the texts of all samples and broken cases.
func seeds(t testing.TB) []string {
	t.Helper()
	var out []string
	for _, pattern := range []string{"samples/*.yaml", "samples/*.conf", "broken/*.txtar"} {
		paths, err := filepath.Glob(filepath.Join(testdata, pattern))
		if err != nil || len(paths) == 0 {
			t.Fatal(pattern, err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text := string(data)
			if _, yaml, ok := strings.Cut(text, "-- nodepool.yaml --\n"); ok {
				text, _, _ = strings.Cut(yaml, "\n-- ")
			}
			out = append(out, text+"\n")
		}
	}
	return out
}

// checkLoad holds for any two files: no panic, an error exactly when there is an
// Error issue, and no word of a substituted variable.
func checkLoad(t interface{ Fatalf(string, ...any) }, dir string, main, secure []byte) {
	mainPath, securePath := filepath.Join(dir, "nodepool.yaml"), filepath.Join(dir, "secure.yaml")
	for path, data := range map[string][]byte{mainPath: main, securePath: secure} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatalf("%v", err)
		}
	}
	if len(secure) == 0 {
		securePath = ""
	}
	env := []string{"NODEPOOL_TOKEN=" + token, "NODEPOOL_HCLOUD_TOKEN=" + token, "NODEPOOL_PW=" + token}
	cfg, issues, err := Load(mainPath, securePath, env)
	if (cfg == nil) != (err != nil) || HasErrors(issues) != (err != nil) {
		t.Fatalf("config %v, error %v, issues:\n%s", cfg != nil, err, lines(issues))
	}
	if cfg != nil {
		usable(t, cfg)
	}
	told := lines(issues) + lines(Validate(mainPath, securePath, env)) + lines(ValidateStrict(mainPath, securePath, env))
	if strings.Contains(told, token) || err != nil && strings.Contains(err.Error(), token) {
		t.Fatalf("a secret is told:\n%s", told)
	}
}

// usable checks what the rest of the daemon relies on.
func usable(t interface{ Fatalf(string, ...any) }, cfg *Config) {
	for _, p := range cfg.Undriven {
		if _, ok := drivers[p.Driver]; ok {
			usableOptions(t, cfg, p)
		}
	}
	for _, p := range cfg.Providers {
		if p.Static() {
			usableMachines(t, p)
			continue
		}
		if p.Name == "" || p.LaunchTimeout <= 0 || p.BootTimeout <= 0 || p.MaxConcurrency == 0 || cfg.Provider(p.Name) != p {
			t.Fatalf("provider %+v", p)
		}
		if p.Metastatic() {
			usableSlots(t, cfg, p)
			continue
		}
		for _, pool := range p.Pools {
			if pool.Name == "" || pool.Provider != p || len(pool.LabelNames) != len(pool.Labels) || p.Pool(pool.Name) != pool {
				t.Fatalf("pool %+v", pool)
			}
			for name, l := range pool.Labels {
				if l.Name != name || l.Pool != pool || cfg.Labels[name] == nil || l.Spec == nil || l.Spec.Module.Source == "" ||
					l.Resources["instances"] != 1 || l.ConnectionPort < 1 || l.ConnectionType == "" {
					t.Fatalf("label %+v", l)
				}
				for i := range l.Choices() {
					if s := l.Choice(i); s == nil || s.Module.Source == "" || s.Inputs == nil {
						t.Fatalf("label %s, choice %d: %+v", name, i, s)
					}
				}
			}
		}
	}
	if cfg.Terraform.MaxConcurrentApplies < 1 || cfg.Hash == "" || len(cfg.Labels) != len(cfg.LabelNames) {
		t.Fatalf("config %+v", cfg.Terraform)
	}
}

// usableSlots checks what sharing out backing nodes relies on.
func usableSlots(t interface{ Fatalf(string, ...any) }, cfg *Config, p *Provider) {
	for _, pool := range p.Pools {
		if pool.Name == "" || pool.Provider != p || len(pool.LabelNames) != len(pool.Labels) || p.Pool(pool.Name) != pool {
			t.Fatalf("pool %+v", pool)
		}
		for name, l := range pool.Labels {
			b := l.Backing
			if l.Name != name || l.Pool != pool || cfg.Labels[name] == nil || l.Spec != nil || l.Resources["instances"] != 1 ||
				b == nil || b.Label == "" || b.MaxParallelJobs < 1 || b.MaxAge > 0 && b.MaxAge < b.MinRetentionTime {
				t.Fatalf("label %+v, backing %+v", l, b)
			}
		}
	}
}

// usableOptions checks what a driver's module will rely on.
func usableOptions(t interface{ Fatalf(string, ...any) }, cfg *Config, p *Provider) {
	if p.Options == nil || p.LaunchTimeout <= 0 || p.BootTimeout <= 0 || len(p.Pools) != len(p.Options.Common().Pools) {
		t.Fatalf("provider %+v", p)
	}
	for _, pool := range p.Pools {
		if pool.Name == "" || p.Pool(pool.Name) != pool || len(pool.LabelNames) != len(pool.Labels) {
			t.Fatalf("pool %+v", pool)
		}
		for name, l := range pool.Labels {
			port := l.ConnectionPort >= 1 && l.ConnectionPort <= 65535
			if l.Name != name || cfg.Labels[name] == nil || l.Resources["instances"] != 1 || l.CloudImage != "" && l.DiskImage != "" || !port {
				t.Fatalf("label %+v", l)
			}
		}
	}
}

func usableMachines(t interface{ Fatalf(string, ...any) }, p *Provider) {
	seen := map[MachineID]bool{}
	for _, pool := range p.Pools {
		slots := map[string]int{}
		for _, n := range pool.StaticNodes {
			if n.Name == "" || n.Pool != pool || n.Timeout <= 0 || n.ConnectionPort < 1 || n.ConnectionPort > 65535 || n.MaxParallelJobs < 0 || seen[n.ID()] {
				t.Fatalf("machine %+v", n)
			}
			seen[n.ID()] = true
			for _, l := range n.Labels {
				slots[l] += n.MaxParallelJobs
			}
		}
		if pool.Name == "" || pool.Provider != p || len(pool.LabelNames) != len(pool.Labels) || len(slots) != len(pool.Labels) {
			t.Fatalf("pool %+v", pool)
		}
		for name, l := range pool.Labels {
			if l.Name != name || l.Pool != pool || l.Slots != slots[name] {
				t.Fatalf("label %+v, %d slots", l, slots[name])
			}
		}
	}
}

// TestMutated cuts lines and words of the samples about.
func TestMutated(t *testing.T) {
	all := seeds(t)
	dir := t.TempDir()
	scraps := []string{"", " ", ":", "- ", "[", "{", "}", "*p", "&p ", "null", "~", "1", "-1", "1.5", ".inf", "yes", "'x'", "\t", "<<: *p", "%(NODEPOOL_TOKEN)", "${", "%{", "2024-01-01", "\x00", "é"}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom(all).Draw(t, "seed")
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			words := strings.SplitAfter(text, rapid.SampledFrom([]string{"\n", " ", ",", ":"}).Draw(t, "unit"))
			i := rapid.IntRange(0, len(words)-1).Draw(t, "at")
			switch rapid.IntRange(0, 3).Draw(t, "change") {
			case 0:
				words[i] = ""
			case 1:
				words[i] = rapid.SampledFrom(scraps).Draw(t, "scrap")
			case 2:
				words[i] += words[rapid.IntRange(0, len(words)-1).Draw(t, "other")]
			case 3:
				words[i] += words[i]
			}
			text = strings.Join(words, "")
		}
		secure := ""
		if rapid.Bool().Draw(t, "with secure") {
			secure = rapid.SampledFrom(all).Draw(t, "secure")
		}
		checkLoad(t, dir, []byte(text), []byte(secure))
	})
}

// FuzzLoad: any bytes in both files.
func FuzzLoad(f *testing.F) {
	for _, text := range seeds(f) {
		f.Add([]byte(text), []byte(""))
		f.Add([]byte("labels: []\n"), []byte(text))
	}
	f.Fuzz(func(t *testing.T, main, secure []byte) { checkLoad(t, t.TempDir(), main, secure) })
}
