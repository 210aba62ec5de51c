package schema

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// The patterns are those of PyYAML's resolver (yaml/resolver.py), because YAML
// 1.2 libraries give many of these texts another type.
var (
	boolText  = regexp.MustCompile(`^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$`)
	nullText  = regexp.MustCompile(`^(?:~|null|Null|NULL|)$`)
	intText   = regexp.MustCompile(`^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$`)
	floatText = regexp.MustCompile(`^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)
	dateText  = regexp.MustCompile(`^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)$`)
)

// plain gives an unquoted, untagged scalar its kind.
func plain(text string) (Value, error) {
	switch {
	case len(text) > 200:
		// No number anybody means, and the patterns need not look at it.
		return Value{Kind: String, Text: text}, nil
	case text != "" && !strings.ContainsRune("yYnNtTfFoO~-+.0123456789", rune(text[0])):
		// Nothing else begins like this; most scalars need no pattern.
		return Value{Kind: String, Text: text}, nil
	case nullText.MatchString(text):
		return Value{Kind: Null, Text: text}, nil
	case boolText.MatchString(text):
		return Value{Kind: Bool, Text: text, Bool: truth(text)}, nil
	case intText.MatchString(text):
		n, err := pyInt(text)
		return Value{Kind: Int, Text: text, Int: n}, err
	case floatText.MatchString(text):
		f, err := pyParseFloat(text)
		return Value{Kind: Float, Text: text, Float: f}, err
	case dateText.MatchString(text):
		return Value{Kind: Date, Text: text}, nil
	}
	return Value{Kind: String, Text: text}, nil
}

func truth(text string) bool {
	switch strings.ToLower(text) {
	case "yes", "true", "on":
		return true
	}
	return false
}

// pyInt is SafeConstructor.construct_yaml_int for a text intText accepts.
func pyInt(text string) (int64, error) {
	s := strings.ReplaceAll(text, "_", "")
	negative := strings.HasPrefix(s, "-")
	s = strings.TrimLeft(s, "+-")
	base := 10
	switch {
	case s == "0":
	case strings.HasPrefix(s, "0b"):
		s, base = s[2:], 2
	case strings.HasPrefix(s, "0x"):
		s, base = s[2:], 16
	case strings.HasPrefix(s, "0"):
		s, base = s[1:], 8
	}
	var n uint64
	for part := range strings.SplitSeq(s, ":") {
		digits, err := strconv.ParseUint(part, base, 64)
		if err != nil || n > math.MaxInt64/60 && strings.Contains(s, ":") {
			return 0, badNumber(err)
		}
		n = n*60 + digits
	}
	switch {
	case negative && n <= 1<<63:
		return -int64(n-1) - 1, nil
	case n <= math.MaxInt64:
		return int64(n), nil
	}
	return 0, badNumber(strconv.ErrRange)
}

func badNumber(err error) error {
	if errors.Is(err, strconv.ErrSyntax) {
		return fmt.Errorf("not a number; quote it if it is meant as text")
	}
	return fmt.Errorf("integer too large for 64 bits; quote it if it is meant as text")
}

// pyParseFloat is SafeConstructor.construct_yaml_float for a text floatText
// accepts. A value too large for a float is infinite, as in Python.
func pyParseFloat(text string) (float64, error) {
	s := strings.ToLower(strings.ReplaceAll(text, "_", ""))
	sign := 1.0
	if strings.HasPrefix(s, "-") {
		sign = -1
	}
	s = strings.TrimLeft(s, "+-")
	switch s {
	case ".inf":
		return math.Inf(int(sign)), nil
	case ".nan":
		return math.NaN(), nil
	}
	total := 0.0
	for part := range strings.SplitSeq(s, ":") {
		f, err := strconv.ParseFloat(part, 64)
		if err != nil && !math.IsInf(f, 0) {
			return 0, badNumber(err)
		}
		total = total*60 + f
	}
	return sign * total, nil
}

// tagged gives a scalar with an explicit tag its kind; the error never quotes
// the text.
func tagged(tag, text string) (Value, error) {
	v, err := plain(text)
	switch tag {
	case "!!str":
		return Value{Kind: String, Text: text}, nil
	case "!!null":
		return Value{Kind: Null, Text: text}, nil
	case "!!bool":
		if v.Kind == Bool {
			return v, nil
		}
	case "!!int":
		if v.Kind == Int {
			return v, err
		}
	case "!!float":
		if v.Kind == Int {
			v.Kind, v.Float = Float, float64(v.Int)
		}
		if v.Kind == Float {
			return v, err
		}
	case "!!timestamp":
		if v.Kind == Date {
			return v, nil
		}
	default:
		return Value{}, fmt.Errorf("custom tags are not supported")
	}
	return Value{}, fmt.Errorf("the value does not fit its tag %s", tag)
}
