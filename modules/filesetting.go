package modules

import "fmt"

// FileSetting is as FileField, of a file with lines NAME=value. It is null where the file has no such line.
type FileSetting struct {
	Path string // absolute: runs have folders of their own
	Name string
}

// Template is the setting as a template of Terraform's. What is in the file is kept out of the diagnostics.
func (f FileSetting) Template() string {
	line := `(?m)^[ \t]*` + f.Name + `[ \t]*=[ \t]*(\S*)`
	return fmt.Sprintf("${one(flatten(regexall(%s, sensitive(file(%s)))))}", quote(line), quote(f.Path))
}
