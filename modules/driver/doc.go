// Package driver is what Nodepool's drivers have in common: the options that
// several of them share, how those are inherited, and what the launcher must know
// of a provider, pool and label whatever drives it.
//
// A driver is a package of its own beside this one (modules/aws, ...). It has
//
//   - structs for its provider, pools, labels and images, which embed those of
//     this package, each with a table of options (modules/option), and Check for
//     the rules between options;
//   - Common, which lists its pools and labels for the launcher;
//   - a Driver value, which reconciler/config has in its registry.
//
// A driver whose Driver has no Spec yet is read, checked and left alone. It gets a
// Terraform module by three things: the module in a folder of the driver's
// package, embedded as Driver.Shipped; Driver.Spec, which makes a modules.Spec of a
// label (required providers, provider configuration, inputs, outputs); and its
// removal from what the samples test expects to be left alone.
//
// It owns no option of a single driver, opens no file and calls no cloud.
//
// The drivers' packages and reconciler/config import it.
package driver
