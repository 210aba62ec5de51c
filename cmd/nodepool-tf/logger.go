package main

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// newLogger logs to stderr. The values of the variables that the configuration may substitute are kept out of the log:
// Terraform quotes commands, their output and messages of modules in its errors, and a module's address may hold a token.
func newLogger(debug bool) *slog.Logger {
	if debug {
		return logAt(slog.LevelDebug)
	}
	return logAt(slog.LevelInfo)
}

// logAt is newLogger from a level on.
func logAt(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level, ReplaceAttr: withoutValues(redactor())}))
}

// redactor replaces the values of the variables that the configuration may substitute by their names.
func redactor() func(string) string { return withoutVariables(schema.Variables(os.Environ())) }

// quiet logs nothing.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// leastSecret is the length from which a variable's value may be a secret; shorter ones are words that the log needs.
const leastSecret = 8

func withoutVariables(vars map[string]string) func(string) string {
	type pair struct{ value, name string }
	var pairs []pair
	for name, value := range vars {
		for _, v := range []string{value, strings.Join(strings.Fields(value), " "), escaped(value)} { // errors are told on one line
			if len(v) >= leastSecret {
				pairs = append(pairs, pair{v, "%(" + name + ")"})
			}
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int { // the longest first: one may contain another
		if d := len(b.value) - len(a.value); d != 0 {
			return d
		}
		return strings.Compare(a.name, b.name)
	})
	var flat []string
	for _, p := range pairs {
		flat = append(flat, p.value, p.name)
	}
	return strings.NewReplacer(flat...).Replace
}

// escaped is a text as it stands in a string of HCL.
func escaped(s string) string {
	s = strconv.Quote(s)
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(s[1 : len(s)-1])
}

// withoutValues applies a redactor to the texts of a log line.
func withoutValues(redact func(string) string) func([]string, slog.Attr) slog.Attr {
	return func(_ []string, a slog.Attr) slog.Attr {
		switch v := a.Value.Any().(type) {
		case string:
			a.Value = slog.StringValue(redact(v))
		case error:
			a.Value = slog.StringValue(redact(v.Error()))
		case []string:
			a.Value = slog.StringValue(redact(fmt.Sprint(v)))
		}
		return a
	}
}
