package main

import (
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

func TestOptionsFirst(t *testing.T) {
	a := app()
	a.Commands = append(a.Commands, &cli.Command{Name: "raw", SkipFlagParsing: true})
	for in, want := range map[string]string{
		"x":                                     "x",
		"x --version":                           "x --version",
		"x -c file delete 42 --now":             "x -c file delete --now 42",
		"x delete 42 --output json --now":       "x delete --output json --now 42",
		"x delete --output=json 42 --timeout":   "x delete --output=json --timeout 42",
		"x delete 42 --nonsense":                "x delete 42 --nonsense",
		"x delete -- 42 --now":                  "x delete -- 42 --now",
		"x delete - --now":                      "x delete --now -",
		"x delete 42 -h":                        "x delete -h 42",
		"x raw show -o x":                       "x raw show -o x",
		"x nonsense a --now":                    "x nonsense a --now",
		"x -c":                                  "x -c",
		"x --debug hold 7 --strict -o yaml":     "x --debug hold --strict -o yaml 7",
		"x image-delete --image i --build-id=b": "x image-delete --image i --build-id=b",
	} {
		if got := strings.Join(optionsFirst(a, strings.Fields(in)), " "); got != want {
			t.Errorf("%s:\n got %s\nwant %s", in, got, want)
		}
	}
}

func TestAlias(t *testing.T) {
	for in, want := range map[string]string{
		"/usr/bin/nodepool-tf launcher -f":                             "/usr/bin/nodepool-tf launcher -f",
		"/usr/bin/nodepool -c a list --detail":                         "/usr/bin/nodepool -c a list --detail",
		"nodepool-launcher":                                            "nodepool-launcher launcher",
		"/x/nodepool-launcher -d -c a -s b --no-webapp -l=c":           "/x/nodepool-launcher -c a -s b -l=c launcher -d --no-webapp",
		"nodepool-launcher --version":                                  "nodepool-launcher --version launcher",
		"nodepool-launcher -f --config":                                "nodepool-launcher --config launcher -f",
		"nodepool-launcher --stop-timeout 3s --debug --secure=x -f -h": "nodepool-launcher --debug --secure=x launcher --stop-timeout 3s -f -h",
	} {
		if got := strings.Join(alias(strings.Fields(in)), " "); got != want {
			t.Errorf("%s:\n got %s\nwant %s", in, got, want)
		}
	}
}
