package execute

import (
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"

	"golang.org/x/mod/sumdb/dirhash"
)

// cacheOption is how a CLI configuration asks for a plugin cache, in HCL or JSON.
var cacheOption = regexp.MustCompile(`(?m)^[^#/]*plugin_cache_dir`)

// cachesPlugins reports whether init may write into a plugin cache that the operator's CLI configuration names: Terraform
// (1.4 and later) installs a package into it anew, in place, for each folder that has no lock file yet. The files are those
// that Terraform and OpenTofu may read; to take one too many costs time only.
func cachesPlugins(env map[string]string) bool {
	home := env["HOME"]
	if u, err := user.Current(); home == "" && err == nil {
		home = u.HomeDir
	}
	config := env["XDG_CONFIG_HOME"]
	if config == "" {
		config = filepath.Join(home, ".config")
	}
	files := []string{env["TF_CLI_CONFIG_FILE"], env["TERRAFORM_CONFIG"], filepath.Join(home, ".terraformrc"), filepath.Join(home, ".tofurc"), filepath.Join(config, "opentofu", "tofurc")}
	for _, pattern := range []string{filepath.Join(home, ".terraform.d", "*.tfrc*"), filepath.Join(config, "opentofu", "*.tfrc*")} {
		more, _ := filepath.Glob(pattern)
		files = append(files, more...)
	}
	return slices.ContainsFunc(files, func(path string) bool {
		data, err := os.ReadFile(path)
		return err == nil && cacheOption.Match(data)
	})
}

// errChanged says that a package is not what init has installed: somebody else's init writes it.
var errChanged = errors.New("the provider's package in the plugin cache changed while it was copied")

var packageHash = regexp.MustCompile(`"(h1:[^"]+)"`)

// packages are the hashes of the packages that init has written into a folder's lock file.
func packages(dir string) (hashes []string) {
	lock, _ := os.ReadFile(filepath.Join(dir, ".terraform.lock.hcl"))
	for _, m := range packageHash.FindAllSubmatch(lock, -1) {
		hashes = append(hashes, string(m[1]))
	}
	return hashes
}

// checkPackage compares a copy of a package with those hashes, none for a lock file without any.
func checkPackage(dir string, hashes []string) error {
	if len(hashes) == 0 {
		return nil
	}
	is, err := dirhash.HashDir(dir, "", dirhash.Hash1)
	if err == nil && !slices.Contains(hashes, is) {
		err = errChanged
	}
	return err
}
