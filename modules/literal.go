package modules

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
)

// literal is a YAML scalar that is no string.
func literal(v any) (cty.Value, error) {
	switch v := v.(type) {
	case nil:
		return cty.NullVal(cty.DynamicPseudoType), nil
	case bool:
		return cty.BoolVal(v), nil
	case int:
		return cty.NumberIntVal(int64(v)), nil
	case int64:
		return cty.NumberIntVal(v), nil
	case uint64:
		return cty.NumberUIntVal(v), nil
	case float64:
		return number(v)
	case json.Number:
		return parseNumber(string(v))
	case *big.Int:
		return parseNumber(v.String())
	}
	return cty.NilVal, fmt.Errorf("a value of type %T; allowed: text, numbers, true, false, null, lists and maps", v)
}

// number goes by way of decimal digits: 0.1 then is what Terraform reads in
// "0.1", not the nearest binary fraction.
func number(f float64) (cty.Value, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return cty.NilVal, fmt.Errorf("%v is no number Terraform knows", f)
	}
	return parseNumber(strconv.FormatFloat(f, 'g', -1, 64))
}

func parseNumber(s string) (cty.Value, error) {
	v, err := cty.ParseNumberVal(s)
	if err != nil {
		return cty.NilVal, fmt.Errorf("%q is not a number", s)
	}
	return v, CheckNumber(v)
}

// maxExponent (binary) admits every float64 with room to spare.
const maxExponent = 4096

// CheckNumber refuses infinities and numbers like 1e999999999, which take a
// gigabyte to write out. v must be a known, non-null number.
func CheckNumber(v cty.Value) error {
	f := v.AsBigFloat()
	if f.IsInf() || f.MantExp(nil) > maxExponent || f.MantExp(nil) < -maxExponent {
		return fmt.Errorf("a number is out of range (more than about 1e%d)", maxExponent*3/10)
	}
	return nil
}

// CheckLiteral tells whether a value can be written down: wholly known, without
// marks, of HCL's own types, numbers in range, text (also keys) in UTF-8.
func CheckLiteral(v cty.Value) error {
	if v == cty.NilVal {
		return fmt.Errorf("no value")
	}
	if v.ContainsMarked() {
		return fmt.Errorf("a marked value cannot be written as a literal")
	}
	if !v.IsWhollyKnown() {
		return fmt.Errorf("a value is not known")
	}
	return cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		ty := v.Type()
		if ty.IsCapsuleType() {
			return false, fmt.Errorf("a value of type %s cannot be written as a literal", ty.FriendlyName())
		}
		if v.IsNull() {
			return false, nil
		}
		switch {
		case ty == cty.String && !utf8.ValidString(v.AsString()):
			return false, fmt.Errorf("text is not valid UTF-8")
		case ty == cty.Number:
			return true, CheckNumber(v)
		case ty.IsMapType(), ty.IsObjectType():
			for it := v.ElementIterator(); it.Next(); {
				if key, _ := it.Element(); !utf8.ValidString(key.AsString()) {
					return false, fmt.Errorf("a map key is not valid UTF-8")
				}
			}
		}
		return true, nil
	})
}
