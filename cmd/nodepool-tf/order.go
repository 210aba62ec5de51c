package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// optionsFirst moves the options of a sub-command before its arguments, where the library expects them: Nodepool takes
// them in any order (`nodepool delete 0000000042 --now`). What the sub-command does not know stays where it is.
func optionsFirst(a *cli.App, args []string) []string {
	at := 1
	for at < len(args) && strings.HasPrefix(args[at], "-") {
		at += width(a.Flags, args[at])
	}
	if at >= len(args) {
		return args
	}
	cmd := a.Command(args[at])
	if cmd == nil || cmd.SkipFlagParsing {
		return args
	}
	var options, others []string
	rest := args[at+1:]
	for len(rest) > 0 && rest[0] != "--" {
		n := min(max(1, width(cmd.Flags, rest[0])), len(rest))
		if known(cmd.Flags, rest[0]) != nil || rest[0] == "-h" || rest[0] == "--help" {
			options = append(options, rest[:n]...)
		} else {
			others = append(others, rest[:n]...)
		}
		rest = rest[n:]
	}
	return slices.Concat(args[:at+1], options, others, rest)
}

// width is how many words an option takes, its value included.
func width(flags []cli.Flag, word string) int {
	if f, ok := known(flags, word).(cli.DocGenerationFlag); ok && f.TakesValue() && !strings.Contains(word, "=") {
		return 2
	}
	return 1
}

// known finds the option that a word names.
func known(flags []cli.Flag, word string) cli.Flag {
	name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(word, "-"), "-"), "=")
	if !strings.HasPrefix(word, "-") || name == "" {
		return nil
	}
	for _, f := range flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}
