package modules

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// DecodeOutput reads the `output` attribute of a terraform_data resource as a
// state file (format version 4) holds it: {"value": ..., "type": ...}, both
// cty JSON. Outputs marked sensitive are there in clear text like the others.
// The result is wholly known. Errors name no value.
func DecodeOutput(value, typ json.RawMessage) (v cty.Value, err error) {
	// cty panics on some malformed type descriptions.
	defer func() {
		if r := recover(); r != nil {
			v, err = cty.NilVal, fmt.Errorf("decode module outputs: malformed type or value")
		}
	}()
	ty, err := ctyjson.UnmarshalType(typ)
	if err != nil {
		return cty.NilVal, fmt.Errorf("decode module outputs: type: %w", err)
	}
	v, err = ctyjson.Unmarshal(value, ty)
	if err != nil {
		return cty.NilVal, fmt.Errorf("decode module outputs: the value does not match its type: %s", redactJSON(err))
	}
	if !v.IsWhollyKnown() {
		return cty.NilVal, fmt.Errorf("decode module outputs: some are not known yet")
	}
	err = cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		if v.Type() == cty.Number && !v.IsNull() {
			return true, CheckNumber(v)
		}
		return true, nil
	})
	if err != nil {
		return cty.NilVal, fmt.Errorf("decode module outputs: %w", err)
	}
	return v, nil
}

// redactJSON keeps where it went wrong and drops what was there.
func redactJSON(err error) string {
	var pe cty.PathError
	if errors.As(err, &pe) && len(pe.Path) > 0 {
		if step, ok := pe.Path[0].(cty.GetAttrStep); ok {
			return "output " + step.Name
		}
	}
	return "malformed JSON"
}
