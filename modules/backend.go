package modules

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// Backend is a Terraform backend to which the states of workspaces are copied. Its settings are templates over
// `workspace`. It may hold secrets and has no String method.
type Backend struct {
	Type     string
	settings Input
}

// WorkspaceVars is what those templates see as `workspace`.
type WorkspaceVars struct {
	ID       string // letters, digits, _ and -; unique in an installation
	Provider string // as in the configuration
}

func (v WorkspaceVars) value() cty.Value {
	return cty.ObjectVal(map[string]cty.Value{"id": text(v.ID), "provider": text(v.Provider)})
}

// overWorkspace is scope of a workspace not known yet.
var overWorkspace = scope{"workspace": cty.ObjectVal(map[string]cty.Value{
	"id": cty.UnknownVal(cty.String).RefineNotNull(), "provider": cty.UnknownVal(cty.String).RefineNotNull(),
})}

// ErrOneState is a backend in none of whose settings the workspace's id occurs.
var ErrOneState = errors.New("all workspaces would share one state: ${workspace.id} must be part of the setting that says where a state is, such as key, path, prefix or address")

// ParseBackend reads the settings of a backend, a decoded YAML tree (see ParseInput). pos starts every error: an *Error,
// or an ErrOneState.
func ParseBackend(kind string, settings map[string]any, pos string) (*Backend, error) {
	if !ValidName(kind) {
		return nil, &Error{Pos: pos, Problem: fmt.Sprintf("%q is not a backend's name; allowed: letters, digits and -", kind)}
	}
	in, err := overWorkspace.parse(settings, pos, "", 0)
	if err != nil {
		return nil, err
	}
	b := &Backend{Type: kind, settings: in}
	one, err := b.Block(WorkspaceVars{ID: "cloud-a1b2c3d4e5f6", Provider: "cloud"})
	if err != nil {
		return nil, err
	}
	other, err := b.Block(WorkspaceVars{ID: "cloud-0f9e8d7c6b5a", Provider: "cloud"})
	if err != nil {
		return nil, err
	}
	if one.Settings.RawEquals(other.Settings) {
		return nil, ErrOneState
	}
	return b, nil
}

// CheckSetting reads one string of a backend's settings, to find those that are no templates.
func CheckSetting(v any, pos string) error {
	_, err := overWorkspace.parse(v, pos, "", 0)
	return err
}

// BackendBlock is a backend for one workspace. It may hold secrets: print it through Redact only.
type BackendBlock struct {
	Type     string
	Settings cty.Value // an object of literals
}

// Block is the backend for a workspace.
func (b *Backend) Block(ws WorkspaceVars) (BackendBlock, error) {
	v, err := b.settings.eval(&hcl.EvalContext{Variables: map[string]cty.Value{"workspace": ws.value()}, Functions: functions})
	if err == nil {
		err = CheckLiteral(v)
	}
	return BackendBlock{Type: b.Type, Settings: v}, err
}

// Redact takes the settings' texts out of a message: Terraform quotes the configuration where it complains of it.
func (b BackendBlock) Redact(msg string) string { return redact(msg, b.Settings) }

// Tree is the settings as a decoded tree of plain Go values.
func (b BackendBlock) Tree() any { return plain(b.Settings) }

// MarshalJSON writes the block with its secrets.
func (b BackendBlock) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"type": b.Type, "settings": toJSON(b.Settings)})
}

// UnmarshalJSON reads what MarshalJSON wrote; nothing in it is a template.
func (b *BackendBlock) UnmarshalJSON(data []byte) error {
	var raw struct {
		Type     string          `json:"type"`
		Settings json.RawMessage `json:"settings"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	if !ValidName(raw.Type) {
		return fmt.Errorf("%.40q is not a backend's name", raw.Type)
	}
	ty, err := ctyjson.ImpliedType(raw.Settings)
	if err != nil {
		return fmt.Errorf("backend settings: %w", err)
	}
	v, err := ctyjson.Unmarshal(raw.Settings, ty)
	if err == nil && !isObject(v) {
		err = errors.New("not an object")
	}
	if err == nil {
		err = CheckLiteral(v)
	}
	if err != nil {
		return fmt.Errorf("backend settings: %w", err)
	}
	b.Type, b.Settings = raw.Type, v
	return nil
}
