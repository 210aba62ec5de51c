package azure

import (
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// winrm is the connection type of Windows.
const winrm = "winrm"

// Access is how a VM of an image is first logged into.
type Access struct {
	// Password is the administrator's; it wins over GeneratePassword. A secret.
	Password         string
	GeneratePassword bool
	// Key is an SSH public key.
	Key string
}

func (a *Access) options(key, from string) option.Table {
	return option.Table{
		option.Str("key", &a.Key, key).From(from).Maps("admin_ssh_key.public_key"),
		option.Str("password", &a.Password, "").Maps("admin_password"),
		option.Bool("generate-password", &a.GeneratePassword, false).Maps("admin_password, made by the module"),
	}
}

func (a *Access) hasPassword() bool { return a.Password != "" || a.GeneratePassword }

// Windows tells whether an image is one of Windows. Nothing in the file says so: this is the guess of config-reference.md
// 4.3, which the input os_type overrides. A label without an image is none.
func (i *CloudImage) Windows() bool {
	return i.ConnectionType == winrm || i.hasPassword() && i.Key == ""
}

// Windows tells whether an image is one of Windows. Uploads are registered as Linux.
func (i *DiskImage) Windows() bool { return i.ConnectionType == winrm }

// login is how the label's machines are made and logged into.
func (l *Label) login() (driver.Login, Access, bool) {
	switch {
	case l.DiskImage != nil:
		return l.DiskImage.Login, l.DiskImage.Access, l.DiskImage.Windows()
	case l.CloudImage != nil:
		return l.CloudImage.Login, l.CloudImage.Access, l.CloudImage.Windows()
	}
	return driver.Login{}, Access{}, false
}

// check finds what Azure, or its Terraform provider, makes no machine of. Nodepool finds out at launch.
func (a *Access) check(m *schema.Mapping, windows bool) {
	at := func(key string) schema.Field {
		if f, ok := m.Get(key); ok {
			return f
		}
		return m.Absent(key)
	}
	switch {
	case windows && !a.hasPassword():
		at("password").StrictError("E-AZ-LOGIN", "a Windows machine (connection-type winrm) needs a password: give one, or generate-password: true")
	case windows && a.Key != "" && m.Has("key"):
		at("key").StrictError("E-AZ-LOGIN", "a Windows machine (connection-type winrm) takes no SSH key, and is made without: leave key out, or choose another connection-type")
	case !windows && a.Key != "" && a.hasPassword():
		at("key").StrictError("E-AZ-LOGIN", "key turns logins with a password off, and Terraform then takes none: leave out key, or password and generate-password")
	case !windows && a.Key == "" && !a.hasPassword():
		at("key").StrictError("E-AZ-LOGIN", "Azure makes no machine that nobody can log into: give a key, a password or generate-password: true")
	}
}
