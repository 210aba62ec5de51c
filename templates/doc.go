// Package templates renders a workspace: required providers and provider
// configuration of the root, one block pair for each node (slot), and the module
// manifest that lets a workspace skip init.
//
// It owns the shape of every file Terraform reads, and the promise that what
// comes from ZooKeeper or from the config is a literal in it. Rendering is a
// pure function of its arguments, byte for byte the same for the same values
// whatever their order: the golden files under testdata/golden are the proof,
// `go test ./templates -update` rewrites them.
//
// It never reads or writes files, never runs Terraform, never evaluates a
// template (package modules does), never logs: provider configuration holds
// secrets.
//
// Limits. Modules use the default configuration of each provider: an aliased
// provider block can be rendered, but not handed to the module, so a module that
// demands configuration_aliases is refused by Terraform at init. A module output
// marked ephemeral cannot be stored in a state and fails the plan (see Hint).
//
// Importers: reconciler and its packages. It imports modules only.
package templates
