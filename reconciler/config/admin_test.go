package config

import (
	"path/filepath"
	"strings"
	"testing"
)

// The admin token of the secure file replaces that of the main file, which stays in force without one.
func TestAdminToken(t *testing.T) {
	dir := t.TempDir()
	main, secure := filepath.Join(dir, "nodepool.yaml"), filepath.Join(dir, "secure.yaml")
	write(t, main, []byte("webapp: {admin-token: of-the-main-file-1}\n"))
	for _, c := range []struct{ name, yaml, want string }{
		{"empty", "", "of-the-main-file-1"},
		{"silent", "webapp: {}\n", "of-the-main-file-1"},
		{"given", "webapp: {admin-token: of-the-secure-one}\n", "of-the-secure-one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			write(t, secure, []byte(c.yaml))
			cfg, issues, err := Load(main, secure, nil)
			if err != nil {
				t.Fatalf("%v\n%s", err, lines(issues))
			}
			if got := cfg.WebApp.AdminToken; got != c.want {
				t.Errorf("the token of %s is in force", got)
			}
		})
	}
}

// A state-key that stands in the main file is not in force; where it belongs is told.
func TestStateKeyInTheMainFile(t *testing.T) {
	main := filepath.Join(t.TempDir(), "nodepool.yaml")
	write(t, main, []byte("terraform: {state-key: a-key-of-many-characters}\n"))
	cfg, issues, err := Load(main, "", nil)
	if err != nil || cfg.Terraform.StateKey != "" {
		t.Fatalf("%v\n%s", err, lines(issues))
	}
	if text := lines(issues); !strings.Contains(text, "belongs into the secure file (-s)") || strings.Contains(text, "a-key-of") {
		t.Error(text)
	}
}
