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
// A driver whose Driver has no Spec is read, checked and left alone. It gets a
// Terraform module by these, of which modules/openstack is an example:
//
//   - the module in a folder node of the driver's package, with a sub-folder list
//     where its Terraform provider can list, embedded as Driver.Shipped;
//   - Driver.Spec (SpecOf), which makes a modules.Spec of a label: required providers,
//     provider configuration (the same for all labels), inputs. What the
//     configuration says goes in as modules.Literal, what the node is called and
//     marked with as modules.Template, what is looked up as modules.Given, dynamic
//     values as Spec.Dynamic, laid over each other with modules.Merged;
//   - outputs of the module that are named as node fields (modules.FieldNames);
//   - Lister of reconciler/clouds, in a package lookup beside it, where the Terraform
//     provider cannot list;
//   - Label.ImageID, where the configuration says the id of a cloud image.
//
// What every provider and label has beside a driver's own options (module, inputs,
// outputs, alternatives, required-providers, provider-config) is read and laid over
// by reconciler/config.
//
// It owns no option of a single driver, opens no file and calls no cloud.
//
// The drivers' packages and reconciler/config import it.
package driver
