package schema

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// wrong reports a value of another kind. A null means "not given" when loading.
func (f Field) wrong(want string) {
	switch {
	case f.val.Kind != Null:
		f.Error("E-TYPE", "expected %s, found %s", want, f.val.Kind)
	case f.rep.Mode != Load:
		f.Error("E-TYPE", "expected %s, found null; leave the option out to get its default", want)
	}
}

// loose reports a value that only loading accepts in place of want.
func (f Field) loose(want string) {
	remedy := ""
	switch {
	case want == "string":
		remedy = "; quote it"
	case f.val.Kind == String:
		remedy = "; remove the quotes"
	}
	f.SchemaError("E-TYPE", "expected %s, found %s%s", want, f.val.Kind, remedy)
}

// Str reads a string. Loading takes other scalars as Python's str() has them.
func (f Field) Str() (string, bool) {
	switch f.val.Kind {
	case String:
		return f.val.Text, true
	case Null, List, Map:
		f.wrong("string")
		return "", false
	}
	f.loose("string")
	return f.val.PyString(), true
}

// Text reads a scalar that may be a string or a number (release, for example).
func (f Field) Text() (string, bool) {
	if f.val.Kind == Int {
		return f.val.PyString(), true
	}
	return f.Str()
}

// Int reads an integer; a boolean is one too, as in Python. Loading also takes
// a string of digits and cuts a fraction off.
func (f Field) Int() (int, bool) {
	switch f.val.Kind {
	case Int:
		return int(f.val.Int), true
	case Bool:
		if f.val.Bool {
			return 1, true
		}
		return 0, true
	case Float:
		if math.Abs(f.val.Float) < 1<<53 {
			f.loose("integer")
			return int(f.val.Float), true
		}
	case String:
		if n, err := strconv.Atoi(strings.TrimSpace(f.val.Text)); err == nil {
			f.loose("integer")
			return n, true
		}
	}
	f.wrong("integer")
	return 0, false
}

// Bool reads a boolean. Loading also takes 0 and 1 and the quoted words.
func (f Field) Bool() (value, ok bool) {
	switch f.val.Kind {
	case Bool:
		return f.val.Bool, true
	case Int:
		if f.val.Int == 0 || f.val.Int == 1 {
			f.loose("boolean")
			return f.val.Int == 1, true
		}
	case String:
		if boolText.MatchString(f.val.Text) {
			f.loose("boolean")
			return truth(f.val.Text), true
		}
	}
	f.wrong("boolean (true or false)")
	return false, false
}

// Number reads a finite integer or fraction. Loading also takes a numeric string.
func (f Field) Number() (float64, bool) {
	n := math.NaN()
	switch f.val.Kind {
	case Int:
		return float64(f.val.Int), true
	case Float:
		n = f.val.Float
	case String:
		if parsed, err := strconv.ParseFloat(strings.TrimSpace(f.val.Text), 64); err == nil {
			n = parsed
		}
	}
	if math.IsNaN(n) || math.IsInf(n, 0) {
		f.wrong("finite number")
		return 0, false
	}
	if f.val.Kind == String {
		f.loose("number")
	}
	return n, true
}

// maxSeconds keeps a "for ever" such as 99999999999 inside time.Duration.
const maxSeconds = 200 * 365 * 24 * 3600

// Seconds reads an integer number of seconds; loading takes fractions too.
// Anything beyond 200 years is 200 years.
func (f Field) Seconds() (time.Duration, bool) {
	var n float64
	var ok bool
	if f.val.Kind == Float && f.rep.Mode == Load {
		n, ok = f.Number()
	} else {
		var whole int
		whole, ok = f.Int()
		n = float64(whole)
	}
	n = max(-maxSeconds, min(maxSeconds, n))
	return time.Duration(n * float64(time.Second)), ok
}
