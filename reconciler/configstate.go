package reconciler

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// ConfigOutcome is what became of a try to load the configuration.
type ConfigOutcome string

// The outcomes, spelled as the label of nodepool_config_last_load_timestamp_seconds (operator-surface.md 3.7).
const (
	ConfigLoaded ConfigOutcome = "success"
	ConfigFailed ConfigOutcome = "failure"
)

// ConfigState is what a launcher can say of its configuration: which one is in force, and whether the files hold another
// that cannot be used. Pages and metrics show it. It holds no secrets.
type ConfigState struct {
	File string // main file, absolute
	Hash string // hex SHA-256 of the configuration in force
	// Loaded is when that came into force, or was last found to be what the files hold.
	Loaded time.Time
	// LastError says why the files as they are now are not in force: "file:line:column: option: code: text", and how many
	// more faults there are. It is "" once they are, or are again what is in force.
	LastError string
	// LastFailed is when files were last found to be of no use, zero for never. It stays when they were mended.
	LastFailed time.Time
	// NeedRestart lists the options that the files change and that only a restart of the launcher takes up.
	NeedRestart []string
	// Outcomes counts the loads since the start: the one at the start, and one for each change of the files or SIGHUP.
	Outcomes map[ConfigOutcome]int
}

// configState is a ConfigState that several goroutines use.
type configState struct {
	mu sync.Mutex
	ConfigState
}

// ConfigState tells of the configuration. Any goroutine may call it.
func (l *Launcher) ConfigState() ConfigState {
	s := &l.configState
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.ConfigState
	out.NeedRestart, out.Outcomes = slices.Clone(s.NeedRestart), maps.Clone(s.Outcomes)
	return out
}

// loaded notes that a configuration came into force.
func (s *configState) loaded(file, hash string, restart []string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.File, s.Hash, s.Loaded, s.NeedRestart = file, hash, now, restart
	s.end(ConfigLoaded, "")
}

// failed notes that the files cannot be used.
func (s *configState) failed(reason string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.LastFailed = now
	s.end(ConfigFailed, reason)
}

// end counts a load. Callers hold mu.
func (s *configState) end(o ConfigOutcome, reason string) {
	if s.Outcomes == nil {
		s.Outcomes = map[ConfigOutcome]int{}
	}
	s.Outcomes[o]++
	s.LastError = reason
}
