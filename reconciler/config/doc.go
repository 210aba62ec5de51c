// Package config turns nodepool.yaml (and the secure file) into values.
//
// It owns: the meaning of every option, its default, where it is inherited
// from, and what is said when it is wrong. A Config and everything below it is
// immutable once Load has returned it.
//
// It never talks to ZooKeeper, a cloud or Terraform, never looks at the process
// environment (the caller hands it in) and never puts the value of a
// provider-config, input, backend setting or substituted variable into a
// message.
//
// Anything in reconciler and cmd may import it.
//
// Two ways in, because there are two contracts (config-reference.md section 0):
// Load is what the daemon does, where unknown options only warn; Validate is
// what config-validate does, where they are errors.
package config
