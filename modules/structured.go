package modules

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

func isObject(v cty.Value) bool { return v.Type().IsObjectType() || v.Type().IsMapType() }

// setExternalID: a string, or an object as the AWS driver has it
// ({"instance": ..., "host": ...}).
func setExternalID(f *Fields, v cty.Value) error {
	if isObject(v) {
		f.ExternalID = toJSON(v)
		return nil
	}
	var id string
	if err := setID(&id, v); err != nil {
		return wrongType(v, "text, a number or an object")
	}
	if id != "" {
		f.ExternalID = toJSON(cty.StringVal(id))
	}
	return nil
}

// setConnectionPort: an integer, also as text, or the object of protocol.md 2.2.2.
func setConnectionPort(f *Fields, v cty.Value) error {
	if isObject(v) {
		f.ConnectionPort = toJSON(v)
		return nil
	}
	var s string
	if err := setID(&s, v); err != nil {
		return wrongType(v, "a port number or an object")
	}
	if s == "" {
		return nil
	}
	port, err := strconv.ParseUint(s, 10, 16)
	if err != nil || port == 0 {
		return errors.New("gives no port; need an integer from 1 to 65535")
	}
	f.ConnectionPort = json.RawMessage(strconv.FormatUint(port, 10))
	return nil
}

// setResources: a flat map of numbers (cores, ram, ...); null entries are left out.
func setResources(f *Fields, v cty.Value) error {
	if !isObject(v) {
		return wrongType(v, "a map of numbers")
	}
	resources := make(map[string]float64, v.LengthInt())
	for it := v.ElementIterator(); it.Next(); {
		key, elem := it.Element()
		if elem.IsNull() {
			continue
		}
		if elem.Type() != cty.Number {
			return fmt.Errorf("gives %s for %q; need a number", elem.Type().FriendlyName(), key.AsString())
		}
		n, _ := elem.AsBigFloat().Float64()
		if n < 0 || n > 1e15 {
			return fmt.Errorf("gives a number out of range for %q; need 0 or more", key.AsString())
		}
		resources[key.AsString()] = n
	}
	f.Resources = resources
	return nil
}

func setMap(to *json.RawMessage, v cty.Value) error {
	if !isObject(v) {
		return wrongType(v, "a map")
	}
	*to = toJSON(v)
	return nil
}

// toJSON writes a known value of HCL's types: keys sorted, numbers exact.
func toJSON(v cty.Value) json.RawMessage {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(plain(v)); err != nil {
		panic(err) // plain returns nothing encoding/json could refuse
	}
	return json.RawMessage(strings.TrimSuffix(b.String(), "\n"))
}

// plain is v as encoding/json writes it. (cty's own marshaller wraps a null of
// unknown type in an object that tells its type.)
func plain(v cty.Value) any {
	switch ty := v.Type(); {
	case v.IsNull():
		return nil
	case ty == cty.String:
		return v.AsString()
	case ty == cty.Bool:
		return v.True()
	case ty == cty.Number:
		return plainNumber(v.AsBigFloat())
	case isObject(v):
		m := make(map[string]any, v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			key, elem := it.Element()
			m[key.AsString()] = plain(elem)
		}
		return m
	default:
		list := make([]any, 0, v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			_, elem := it.Element()
			list = append(list, plain(elem))
		}
		return list
	}
}

func plainNumber(f *big.Float) json.Number { return json.Number(f.Text('f', -1)) }
