package config

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// backendTypes are Terraform's and OpenTofu's, for whoever misspells one. Another one may be newer than this list.
var backendTypes = []string{"azurerm", "consul", "cos", "gcs", "http", "kubernetes", "local", "oci", "oss", "pg", "remote", "s3", "zookeeper"}

// backend reads where states are copied to, nil for ZooKeeper. The values of settings may be secrets and are never told.
func backend(b *schema.Mapping) *modules.Backend {
	kind, ok := b.Name("type", "E-REQ", "a backend needs a type: zookeeper, or a Terraform backend such as s3")
	if !ok {
		return nil
	}
	if kind == "zookeeper" {
		b.Done()
		return nil
	}
	f, _ := b.Get("type")
	if kind == "cloud" {
		f.Error("E-BACKEND", "cloud is no backend but a block of its own; remote is the backend for HCP Terraform")
		return nil
	}
	settings := map[string]any{}
	ok = true
	b.Rest(func(name string, f schema.Field) {
		tree, whole := f.Tree()
		if !whole || !templatesOf(f) {
			ok = false
			return
		}
		settings[name] = tree
	})
	if path, _ := settings["path"].(string); kind == "local" && path != "" && !strings.HasPrefix(path, "${") && !filepath.IsAbs(path) {
		p, _ := b.Get("path")
		p.Error("E-BACKEND", "expected an absolute path: a relative one would be lost with the workspace")
		return nil
	}
	if !ok {
		return nil
	}
	out, err := modules.ParseBackend(kind, settings, f.Pos())
	switch {
	case errors.Is(err, modules.ErrOneState):
		b.Error("E-BACKEND", "%v", err)
		return nil
	case err != nil:
		reportExpression(f, "E-BACKEND", err)
		return nil
	}
	if !slices.Contains(backendTypes, kind) {
		f.Warn("W-BACKEND", "no backend that is known here: %s%s", list(backendTypes), nearHint(kind, backendTypes))
	}
	return out
}

// templatesOf reports whether the strings of a setting are templates, and tells those that are none.
func templatesOf(f schema.Field) bool {
	ok := true
	f.Leaves(func(leaf schema.Field) {
		if err := modules.CheckSetting(leaf.Value().Go(), leaf.Pos()); err != nil {
			reportExpression(leaf, "E-BACKEND", err)
			ok = false
		}
	})
	return ok
}
