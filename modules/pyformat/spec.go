package pyformat

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// specGrammar is Python's format specification: [[fill]align][sign][#][0][width][grouping][.precision][type].
var specGrammar = regexp.MustCompile(`^(?s:(?:(.)?([<>=^]))?)([-+ ])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([bcdeEfFgGnosxX%])?$`)

type spec struct {
	fill      string
	align     byte // 0 is the type's own
	sign      string
	alternate bool
	width     int
	group     string
	precision int // -1 for none
	kind      string
}

func readSpec(s string) (spec, error) {
	m := specGrammar.FindStringSubmatch(s)
	if m == nil {
		return spec{}, fmt.Errorf("%q is no format specification", s)
	}
	out := spec{fill: m[1], sign: m[3], alternate: m[4] != "", group: m[7], precision: -1, kind: m[9]}
	if m[2] != "" {
		out.align = m[2][0]
	}
	if out.fill == "" {
		out.fill = " "
		if m[5] != "" {
			out.fill = "0"
		}
	}
	if m[5] != "" && out.align == 0 {
		out.align = '='
	}
	for _, n := range []struct {
		text string
		to   *int
	}{{m[6], &out.width}, {m[8], &out.precision}} {
		if n.text == "" {
			continue
		}
		v, err := strconv.Atoi(n.text)
		if err != nil || v > maxResult {
			return spec{}, errLong
		}
		*n.to = v
	}
	return out, nil
}

// formatted is format(v, spec).
func formatted(v any, text string) (string, error) {
	if text == "" {
		return limited(str(v))
	}
	s, err := readSpec(text)
	if err != nil {
		return "", err
	}
	switch v := v.(type) {
	case string:
		return s.text(v)
	case bool:
		return s.integer(big.NewInt(int64(boolean(v))))
	case int:
		return s.integer(big.NewInt(int64(v)))
	case int64:
		return s.integer(big.NewInt(v))
	case float64:
		return s.float(v)
	}
	return "", errors.New("this value takes no format specification")
}

func limited(s string) (string, error) {
	if len(s) > maxResult {
		return "", errLong
	}
	return s, nil
}

func (s spec) text(v string) (string, error) {
	if s.kind != "" && s.kind != "s" || s.sign != "" || s.alternate || s.group != "" || s.align == '=' && s.fill != "0" {
		return "", errors.New("a string does not take this format specification")
	}
	if s.align == '=' {
		s.align = '<'
	}
	if r := []rune(v); s.precision >= 0 && s.precision < len(r) {
		v = string(r[:s.precision])
	}
	return limited(s.pad("", v, '<'))
}

func (s spec) integer(v *big.Int) (string, error) {
	base, prefix := 10, ""
	switch s.kind {
	case "e", "E", "f", "F", "g", "G", "%":
		f, _ := new(big.Float).SetInt(v).Float64()
		return s.float(f)
	case "s":
		return "", errors.New("a number does not take the type s")
	case "c":
		if !v.IsInt64() || v.Int64() < 0 || v.Int64() > utf8.MaxRune {
			return "", errors.New("a character is wanted")
		}
		return limited(s.pad("", string(rune(v.Int64())), '<'))
	case "b":
		base, prefix = 2, "0b"
	case "o":
		base, prefix = 8, "0o"
	case "x", "X":
		base, prefix = 16, "0"+s.kind
	}
	if s.precision >= 0 {
		return "", errors.New("an integer takes no precision")
	}
	digits := new(big.Int).Abs(v).Text(base)
	if s.kind == "X" {
		digits = strings.ToUpper(digits)
	}
	if !s.alternate {
		prefix = ""
	}
	every := 3
	if base != 10 {
		if every = 4; s.group == "," {
			return "", errors.New("only decimal numbers are grouped with ','")
		}
	}
	sign := s.signOf(v.Sign() < 0) + prefix
	if s.group != "" && s.zeros() { // the filling is grouped too
		n := len(digits)
		for len(sign)+n+(n-1)/every < s.width {
			n++
		}
		digits = strings.Repeat("0", n-len(digits)) + digits
	}
	return limited(s.pad(sign, grouped(digits, s.group, every), '>'))
}

func (s spec) zeros() bool { return s.fill == "0" && s.align == '=' }

func (s spec) float(v float64) (string, error) {
	precision := s.precision
	if precision > 1000 {
		return "", errLong
	}
	var digits string
	abs := math.Abs(v)
	switch kind := s.kind; kind {
	case "s", "c", "d", "b", "o", "x", "X":
		return "", errors.New("a fraction does not take the type " + kind)
	case "e", "E", "f", "F":
		if precision < 0 {
			precision = 6
		}
		digits = strconv.FormatFloat(abs, strings.ToLower(kind)[0], precision, 64)
	case "%":
		if precision < 0 {
			precision = 6
		}
		digits = strconv.FormatFloat(abs*100, 'f', precision, 64) + "%"
	case "":
		if precision < 0 {
			digits = float(abs)
			break
		}
		digits = general(abs, precision)
		if !strings.ContainsAny(digits, ".en") {
			digits += ".0"
		}
	default: // g, G, n
		if precision < 0 {
			precision = 6
		}
		digits = general(abs, precision)
	}
	if s.kind == "E" || s.kind == "G" || s.kind == "F" {
		digits = strings.ToUpper(digits)
	}
	if s.alternate || s.group != "" && s.zeros() {
		return "", errors.New("this format specification is not supported for fractions")
	}
	if math.IsInf(v, 0) || math.IsNaN(v) {
		digits = strings.TrimPrefix(float(abs), "+")
	} else if n := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); n > 0 {
		digits = grouped(digits[:n], s.group, 3) + digits[n:]
	} else {
		digits = grouped(digits, s.group, 3)
	}
	return limited(s.pad(s.signOf(math.Signbit(v)), digits, '>'))
}

// general is C's %g, whose exponent has two digits at least.
func general(f float64, precision int) string {
	return fmt.Sprintf("%.*g", max(1, precision), f)
}

func (s spec) signOf(negative bool) string {
	switch {
	case negative:
		return "-"
	case s.sign == "-":
		return ""
	}
	return s.sign
}

// grouped puts a separator between groups of digits.
func grouped(digits, separator string, every int) string {
	if separator == "" {
		return digits
	}
	var b strings.Builder
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%every == 0 {
			b.WriteString(separator)
		}
		b.WriteByte(digits[i])
	}
	return b.String()
}

// pad fills up to the width; sign is what stays in front of the filling with '='.
func (s spec) pad(sign, body string, own byte) string {
	align := s.align
	if align == 0 {
		align = own
	}
	missing := s.width - utf8.RuneCountInString(sign+body)
	if missing <= 0 {
		return sign + body
	}
	fill := func(n int) string { return strings.Repeat(s.fill, n) }
	switch align {
	case '<':
		return sign + body + fill(missing)
	case '^':
		return fill(missing/2) + sign + body + fill(missing-missing/2)
	case '=':
		return sign + fill(missing) + body
	}
	return fill(missing) + sign + body
}
