// Package schema reads YAML as nodepool's Python does and lets options be taken
// from it one by one, each with a position, a path and a type.
//
// It owns: %(NODEPOOL_X) substitution, the YAML 1.1 meaning of scalars (PyYAML
// safe loader), duplicate keys and merges, limits against hostile files, the
// wording of type, unknown-key and missing-key issues.
//
// It knows no option by name, opens no file and reads no environment.
//
// The config package and the drivers' option readers may import it.
package schema
