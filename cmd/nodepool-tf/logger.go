package main

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// newLogger logs to stderr. The values of the variables that the configuration may substitute are kept out of the log:
// Terraform quotes commands, their output and messages of modules in its errors, and a module's address may hold a token.
func newLogger(debug bool) *slog.Logger {
	level := slog.LevelInfo
	if debug {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level, ReplaceAttr: withoutValues(schema.Variables(os.Environ()))}))
}

// leastSecret is the length from which a variable's value may be a secret; shorter ones are words that the log needs.
const leastSecret = 8

// withoutValues replaces the values of variables in a log line's texts by their names.
func withoutValues(vars map[string]string) func([]string, slog.Attr) slog.Attr {
	type pair struct{ value, name string }
	var pairs []pair
	for name, value := range vars {
		for _, v := range []string{value, strings.Join(strings.Fields(value), " ")} { // errors are told on one line
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
	r := strings.NewReplacer(flat...)
	return func(_ []string, a slog.Attr) slog.Attr {
		switch v := a.Value.Any().(type) {
		case string:
			a.Value = slog.StringValue(r.Replace(v))
		case error:
			a.Value = slog.StringValue(r.Replace(v.Error()))
		case []string:
			a.Value = slog.StringValue(r.Replace(fmt.Sprint(v)))
		}
		return a
	}
}
