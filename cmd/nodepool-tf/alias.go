package main

import (
	"path/filepath"
	"slices"
	"strings"
)

// alias makes sense of being run under a name of Nodepool's (a link to this binary), so that units and scripts go on
// working: `nodepool` takes sub-commands as we do, `nodepool-launcher` is `launcher` and takes all options in any order.
func alias(args []string) []string {
	if len(args) == 0 {
		return args
	}
	switch filepath.Base(args[0]) {
	case "nodepool-launcher":
		return daemon(args, "launcher")
	case "nodepool-builder":
		return daemon(args, "builder")
	}
	return args
}

// daemon sorts the options that we take before a sub-command from those that we take after it.
func daemon(args []string, command string) []string {
	var global, own []string
	rest := args[1:]
	for len(rest) > 0 {
		name, _, joined := strings.Cut(rest[0], "=")
		n := 1
		switch {
		case slices.Contains([]string{"-c", "-s", "-l", "--config", "--secure", "--logging"}, name):
			if !joined && len(rest) > 1 {
				n = 2
			}
			global = append(global, rest[:n]...)
		case name == "--debug", name == "--version", name == "-v":
			global = append(global, rest[0])
		default:
			own = append(own, rest[0])
		}
		rest = rest[n:]
	}
	return slices.Concat(args[:1], global, []string{command}, own)
}
