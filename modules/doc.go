// Package modules says what a label turns a node into: a Terraform module, the
// inputs it is given, and how its outputs become the fields of a node record.
//
// It owns the Spec and its parts: parsing of input templates and output
// expressions (both HCL, evaluated by us, never by Terraform), their evaluation
// for one node, and the decoding of the outputs found in a state file.
//
// It never does I/O, never renders a file (package templates does), never logs,
// and never lets anything but a literal value out of EvalInputs: a label, tenant
// or attribute that contains ${ stays text.
//
// Strings. cty, the value library of HCL and Terraform, keeps strings in Unicode
// normal form C, and so does Terraform for every string it reads. Text in
// another form (rare: decomposed accents) therefore arrives composed, exactly as
// if it had been written in a .tf file; all other text arrives byte for byte.
// Text that is not valid UTF-8 is an error in a config, and has its bad bytes
// replaced by U+FFFD when it comes with a node (a strange tenant name must not
// stop a launch).
//
// Importers: reconciler and its packages, templates, and the drivers in the folders
// below. It imports nothing of ours.
package modules
