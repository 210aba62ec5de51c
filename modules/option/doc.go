// Package option declares the options of a mapping once, in a table, from which
// everything else comes: reading them into a struct, defaults, what is said about
// missing, misspelt and wrong ones, and the list that tests hold against
// config-reference.md.
//
//	func (l *Label) Options() option.Table {
//		return option.Table{
//			option.Str("name", &l.Name, "").Need(option.Always),
//			option.Int("volume-size", &l.VolumeSize, 50).Maps("block_device.volume_size"),
//			option.Bool("host-key-checking", &l.HostKeyChecking, l.Pool.HostKeyChecking).From("pool"),
//		}
//	}
//
// Rows are read in their order. An entry's default may be what its parent was
// given, so a table puts the lists of children behind what they inherit.
//
// It owns: kinds of options, their strictness under each schema.Mode, groups of
// options of which one is needed or allowed. It knows no option by name.
//
// modules/driver and the drivers' packages import it.
package option
