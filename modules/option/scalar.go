package option

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Str is a string.
func Str(key string, to *string, def string) Row {
	return scalar(key, "str", to, def, schema.Field.Str)
}

// Name is the name of an entry, which is what (pool, label, image).
func Name(key string, to *string, what string) Row {
	text := "the " + what + " needs a name"
	r := Str(key, to, "").Missing("E-REQ", text)
	read := r.read
	r.read = func(f schema.Field) {
		if read(f); f.Value().Kind == schema.String && *to == "" {
			f.Error("E-REQ", "%s", text)
		}
	}
	return r
}

// Int is an integer.
func Int(key string, to *int, def int) Row { return scalar(key, "int", to, def, schema.Field.Int) }

// Count is an integer whose absence means something: nil.
func Count(key string, to **int, def *int) Row {
	return scalar(key, "int", to, def, func(f schema.Field) (*int, bool) {
		n, ok := f.Int()
		return &n, ok
	})
}

// Bool is a boolean.
func Bool(key string, to *bool, def bool) Row { return scalar(key, "bool", to, def, schema.Field.Bool) }

// Flag is a boolean whose absence means something: nil.
func Flag(key string, to **bool, def *bool) Row {
	return scalar(key, "bool", to, def, func(f schema.Field) (*bool, bool) {
		b, ok := f.Bool()
		return &b, ok
	})
}

// Num is an integer or a fraction.
func Num(key string, to *float64, def float64) Row {
	return scalar(key, "num", to, def, schema.Field.Number)
}

// NumText is a number that may be quoted.
func NumText(key string, to *float64, def float64) Row {
	return scalar(key, "num~", to, def, func(f schema.Field) (float64, bool) {
		if v := f.Value(); v.Kind == schema.String {
			n, err := strconv.ParseFloat(strings.TrimSpace(v.Text), 64)
			if err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) {
				return n, true
			}
		}
		return f.Number()
	})
}

// Seconds is a time limit: a positive whole number of seconds. What is not
// positive would end each launch at once, so the default takes its place.
func Seconds(key string, to *time.Duration, def time.Duration) Row {
	return scalar(key, "int", to, def, func(f schema.Field) (time.Duration, bool) {
		d, ok := f.Seconds()
		if ok && d <= 0 {
			f.StrictError("E-RANGE", "expected more than 0 seconds; the default of %s is used", show(def))
			return def, true
		}
		return d, ok
	})
}

// Period is a whole number of seconds; less than 0 is 0.
func Period(key string, to *time.Duration, def time.Duration) Row {
	return scalar(key, "int", to, def, func(f schema.Field) (time.Duration, bool) {
		d, ok := f.Seconds()
		return max(0, d), ok
	})
}

// Known is an option that somebody else reads; here it only gets known.
func Known(key, kind, def string) Row { return Row{key: key, kind: kind, def: def} }

func scalar[T any](key, kind string, to *T, def T, read func(schema.Field) (T, bool)) Row {
	return Row{
		key: key, kind: kind, def: show(def),
		reset: func() { *to = def },
		read: func(f schema.Field) {
			if v, ok := read(f); ok {
				*to = v
			}
		},
	}
}

// show words a default; nothing for what is absent.
func show(def any) string {
	switch v := def.(type) {
	case *int:
		if v == nil {
			return ""
		}
		return strconv.Itoa(*v)
	case *bool:
		if v == nil {
			return ""
		}
		return strconv.FormatBool(*v)
	case time.Duration:
		return strconv.FormatFloat(v.Seconds(), 'f', -1, 64)
	case []string:
		return strings.Join(v, " ")
	}
	return fmt.Sprint(def)
}
