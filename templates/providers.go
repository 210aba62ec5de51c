package templates

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// renderProviders writes provider blocks in Terraform's JSON syntax, because
// only the provider's schema knows which keys are blocks and which are
// attributes, and JSON writes both alike.
func renderProviders(config map[string]any) ([]byte, error) {
	blocks := make(map[string]any, len(config))
	for _, name := range slices.Sorted(maps.Keys(config)) {
		if !modules.ValidName(name) {
			return nil, fmt.Errorf("provider-config: %q is not a provider name; allowed: letters, digits and -", name)
		}
		path := "provider-config." + name
		v, err := escape(config[name], path, 0)
		if err != nil {
			return nil, err
		}
		if v == nil {
			v = map[string]any{}
		}
		if err := checkBlocks(v); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		blocks[name] = v
	}
	data, err := writeJSON(map[string]any{"provider": blocks})
	if err != nil {
		return nil, fmt.Errorf("provider-config: %w", err)
	}
	return data, nil
}

// writeJSON writes a file in Terraform's JSON syntax, where "//" is a comment.
func writeJSON(doc map[string]any) ([]byte, error) {
	doc["//"] = "Written by nodepool-tf; changes are lost."
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return nil, err
	}
	return asciiJSON(b.String()), nil
}

// asciiJSON escapes what is not ASCII. Only strings hold such, and the JSON
// scanner of hcl 2.25 walks them by grapheme cluster: a character like U+0600
// just before the closing quote would swallow it.
func asciiJSON(doc string) []byte {
	out := make([]byte, 0, len(doc))
	for _, r := range doc {
		switch {
		case r < utf8.RuneSelf:
			out = append(out, byte(r))
		case r <= 0xffff:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		}
	}
	return out
}

func checkBlocks(v any) error {
	switch v := v.(type) {
	case map[string]any:
		return nil
	case []any:
		for _, elem := range v {
			if _, ok := elem.(map[string]any); !ok {
				return fmt.Errorf("a list holds something else than maps; allowed: a map of settings, or a list of such maps with an alias each")
			}
		}
		return nil
	}
	return fmt.Errorf("not a map of settings; allowed: a map, or a list of maps with an alias each")
}

const (
	maxDepth      = 64
	byteOrderMark = "\ufeff"
)

// escape copies a decoded YAML tree so that every string in it, keys included,
// means itself: Terraform reads strings in JSON as templates.
func escape(v any, path string, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%s: nested more than %d deep", path, maxDepth)
	}
	switch v := v.(type) {
	case nil, bool, int, int64, uint64, json.Number:
		return v, nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("%s: %v is no number Terraform knows", path, v)
		}
		return v, nil
	case string:
		return escapeString(v, path)
	case modules.FileField:
		return fromFile(v.Path+v.Field, v.Template(), path)
	case modules.FileSetting:
		return fromFile(v.Path+v.Name, v.Template(), path)
	case []any:
		list := make([]any, len(v))
		for i, elem := range v {
			var err error
			if list[i], err = escape(elem, path+"["+strconv.Itoa(i)+"]", depth+1); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		m := make(map[string]any, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			name, err := escapeString(key, path)
			if err != nil {
				return nil, err
			}
			if m[name], err = escape(v[key], path+"."+key, depth+1); err != nil {
				return nil, err
			}
		}
		return m, nil
	}
	return nil, fmt.Errorf("%s: a value of type %T; allowed: text, numbers, true, false, null, lists and maps (quote it to pass it as text)", path, v)
}

// fromFile gives a template that names a file.
func fromFile(names, template, path string) (any, error) {
	if !utf8.ValidString(names) {
		return nil, fmt.Errorf("%s: the name of a file is not valid UTF-8", path)
	}
	return template, nil
}

// escapeString gives the JSON text that Terraform evaluates to s. A string with
// a template mark becomes one interpolation of an HCL string literal: doubling
// the marks, the documented way, comes out wrong after a carriage return (the
// scanner of hcl 2.25 reads "\r$$${" as "\r$$${").
func escapeString(s, path string) (string, error) {
	if !utf8.ValidString(s) {
		return "", fmt.Errorf("%s: text is not valid UTF-8", path)
	}
	if strings.Contains(s, "${") || strings.Contains(s, "%{") || strings.HasPrefix(s, byteOrderMark) {
		return "${" + string(hclwrite.TokensForValue(cty.StringVal(s)).Bytes()) + "}", nil
	}
	return s, nil
}
