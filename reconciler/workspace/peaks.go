package workspace

import "github.com/nodepool-tf/nodepool-tf/reconciler/execute"

// unlearned is what a run is believed to take before a provider's first has ended: Terraform (70 MiB) and its worker.
const unlearned = 90 << 20

// peaks are the most that a provider's runs took lately, in bytes, 0 for what was not seen yet. Which kinds a provider
// has matters little (the plugin is the same), but how many nodes go out together does.
type peaks struct{ create, destroy, background int64 }

func (p *peaks) kind(k execute.Kind) *int64 {
	switch k {
	case execute.Create:
		return &p.create
	case execute.Destroy:
		return &p.destroy
	}
	return &p.background
}

// learn takes what a run took: a maximum that forgets an eighth of its excess with each smaller run. A worker that was
// killed says nothing.
func (p *peaks) learn(k execute.Kind, bytes int64) {
	peak := p.kind(k)
	switch {
	case bytes <= 0:
	case bytes >= *peak:
		*peak = bytes
	default:
		*peak -= (*peak - bytes) / 8
	}
}

// of is what a run will take: what such runs took, or before there was one, what others of the provider did.
func (p *peaks) of(k execute.Kind) int64 {
	if peak := *p.kind(k); peak > 0 {
		return peak
	}
	return max(unlearned, p.create, p.destroy, p.background)
}

// learn notes the memory that an ended run took.
func (m *Manager) learn(provider string, k execute.Kind, bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lane(provider).peaks.learn(k, bytes)
}
