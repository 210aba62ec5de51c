package main

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
)

func TestLogKeepsSecrets(t *testing.T) {
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: withoutValues(withoutVariables(map[string]string{
		"NODEPOOL_TOKEN": "t0ken-abcdef", "NODEPOOL_LONGER": "t0ken-abcdef-more", "NODEPOOL_KEY": "first line\nsecond line", "NODEPOOL_ZONE": "eu-1",
	}))}))
	log.Warn("launch attempt failed", "module", "git::https://x:t0ken-abcdef@git.example.org/m", "zone", "eu-1",
		"err", errors.New("Error running command 'curl -H t0ken-abcdef-more': first line second line"), "reasons", []string{"said t0ken-abcdef"})
	want := `module=git::https://x:%(NODEPOOL_TOKEN)@git.example.org/m zone=eu-1 ` +
		`err="Error running command 'curl -H %(NODEPOOL_LONGER)': %(NODEPOOL_KEY)" reasons="[said %(NODEPOOL_TOKEN)]"`
	if !strings.Contains(out.String(), want) {
		t.Errorf("logged %s\nwant %s", out.String(), want)
	}
}
