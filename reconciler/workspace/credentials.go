package workspace

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

// refreshProviders gives a workspace the provider configuration as it is now, before its nodes are destroyed: with the
// credentials of their launch, rotated since, nobody could. Only the providers that it has from its launch are looked
// at, for only those are initialised in it. Callers own ws.
func (m *Manager) refreshProviders(ws *workspace) error {
	now := m.opts.ProviderConfig(ws.rec.Provider)
	if now == nil {
		return nil // not configured any more: what it has must do
	}
	path := filepath.Join(ws.dir, templates.ProvidersFile)
	data, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	var had struct {
		Provider map[string]json.RawMessage `json:"provider"`
	}
	if err == nil {
		err = json.Unmarshal(data, &had)
	}
	if err != nil {
		return fmt.Errorf("read provider configuration of workspace %s: %w", ws.rec.ID, err)
	}
	keep := map[string]any{}
	for name := range had.Provider {
		config, ok := now[name]
		if !ok {
			return nil // no longer there to be configured
		}
		keep[name] = config
	}
	files, err := templates.RenderRoot(templates.Root{ProviderConfig: keep})
	if err != nil {
		return fmt.Errorf("render provider configuration: %w", err)
	}
	if fresh := files[templates.ProvidersFile]; len(fresh) > 0 && string(fresh) != string(data) {
		return execute.WriteFile(path, fresh)
	}
	return nil
}
