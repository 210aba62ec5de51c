package templates

import (
	"regexp"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// literal writes a value down as HCL that evaluates to the same value, whatever
// the text in it looks like.
func literal(v cty.Value) (hclwrite.Tokens, error) {
	if err := modules.CheckLiteral(v); err != nil {
		return nil, err
	}
	return tokens(v), nil
}

// bareKey are the keys written without quotes, narrower than HCL allows.
var bareKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// tokens is hclwrite.TokensForValue but for objects: that one writes bare a first
// key `for`, which reads back as the start of a for expression, and a key with a
// byte order mark, which does not read back at all.
func tokens(v cty.Value) hclwrite.Tokens {
	ty := v.Type()
	switch {
	case v.IsNull():
	case ty.IsMapType() || ty.IsObjectType():
		attrs := make([]hclwrite.ObjectAttrTokens, 0, v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			key, elem := it.Element()
			attrs = append(attrs, hclwrite.ObjectAttrTokens{Name: keyTokens(key), Value: tokens(elem)})
		}
		return hclwrite.TokensForObject(attrs)
	case ty.IsListType() || ty.IsSetType() || ty.IsTupleType():
		elems := make([]hclwrite.Tokens, 0, v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			_, elem := it.Element()
			elems = append(elems, tokens(elem))
		}
		return hclwrite.TokensForTuple(elems)
	}
	return hclwrite.TokensForValue(v)
}

func keyTokens(key cty.Value) hclwrite.Tokens {
	if name := key.AsString(); bareKey.MatchString(name) && name != "for" {
		return hclwrite.TokensForIdentifier(name)
	}
	return hclwrite.TokensForValue(key)
}
