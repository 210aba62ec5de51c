// Package readme writes the README of a Terraform module from its variables and outputs.
//
// It reads HCL only; it runs no Terraform. A test in reconciler/config holds each shipped module's README against it.
package readme
