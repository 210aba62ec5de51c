package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/hashicorp/go-version"
	install "github.com/hashicorp/hc-install"
	"github.com/hashicorp/hc-install/fs"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
	"github.com/hashicorp/hc-install/src"
)

// terraformVersion is what gets installed when there is no Terraform on PATH.
const terraformVersion = "1.11.4"

// tools finds what the demo needs and installs what is missing. It returns Terraform's path.
func tools(ctx context.Context, show *screen) (terraform string, err error) {
	if err := packages(ctx, show); err != nil {
		return "", err
	}
	terraform, err = findTerraform(ctx, show)
	if err != nil {
		return "", err
	}
	show.fact("tools", "%s, %s, ZooKeeper%s", firstLine(ctx, terraform, "version"),
		regexp.MustCompile(`^[^ ,]*`).FindString(firstLine(ctx, "ssh", "-V")), zookeeperVersion())
	return terraform, nil
}

// packages installs Debian's packages through apt-get, as root or with sudo.
func packages(ctx context.Context, show *screen) error {
	var missing []string
	if _, err := os.Stat("/usr/share/java/zookeeper.jar"); err != nil || !onPath("java") {
		missing = append(missing, "zookeeper")
	}
	if !onPath("sshd") || !onPath("ssh-keygen") {
		missing = append(missing, "openssh-server")
	}
	if len(missing) == 0 {
		return nil
	}
	apt := []string{"apt-get"}
	if os.Getuid() != 0 {
		if !onPath("sudo") {
			return fmt.Errorf("missing: %s; install the Debian package(s), or run as root", strings.Join(missing, ", "))
		}
		apt = []string{"sudo", "DEBIAN_FRONTEND=noninteractive", "apt-get"}
	}
	if !onPath("apt-get") {
		return fmt.Errorf("missing: %s, and there is no apt-get to install them with", strings.Join(missing, ", "))
	}
	for _, args := range [][]string{{"update", "-qq"}, append([]string{"install", "-y", "-qq", "--no-install-recommends"}, missing...)} {
		args = append(apt[:len(apt):len(apt)], args...)
		show.fact("install", "%s", strings.Join(args, " "))
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		cmd.Stdin = os.Stdin // sudo may ask for a password
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("install %s: %s: %w\n%s", strings.Join(missing, ", "), strings.Join(args, " "), err, out)
		}
	}
	return nil
}

// onPath also looks where Debian keeps daemons, which a user's PATH leaves out.
func onPath(name string) bool {
	if _, err := exec.LookPath(name); err == nil {
		return true
	}
	_, err := exec.LookPath(filepath.Join("/usr/sbin", name))
	return err == nil
}

// findTerraform takes the one on PATH, else the one that an earlier demo installed, else OpenTofu from PATH, else it
// installs Terraform below the user's cache folder.
func findTerraform(ctx context.Context, show *screen) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir := filepath.Join(cache, "nodepool-tf", "terraform-"+terraformVersion)
	installer := install.NewInstaller()
	path, err := installer.Ensure(ctx, []src.Source{
		&fs.AnyVersion{Product: &product.Terraform},
		&fs.AnyVersion{ExactBinPath: filepath.Join(dir, product.Terraform.BinaryName())},
	})
	if err == nil {
		return path, nil
	}
	if path, err := exec.LookPath("tofu"); err == nil {
		return path, nil
	}
	show.fact("install", "Terraform %s into %s", terraformVersion, dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path, err = installer.Ensure(ctx, []src.Source{&releases.ExactVersion{
		Product: product.Terraform, Version: version.Must(version.NewVersion(terraformVersion)), InstallDir: dir,
	}})
	if err != nil {
		return "", errors.Join(fmt.Errorf("no terraform or tofu on PATH, and Terraform could not be installed: %w", err), os.RemoveAll(dir))
	}
	return path, nil
}

// firstLine is the first line that a program prints, for show only.
func firstLine(ctx context.Context, name string, args ...string) string {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return filepath.Base(name)
	}
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "Terraform v") || strings.HasPrefix(line, "OpenTofu v") || strings.HasPrefix(line, "OpenSSH") {
			return line
		}
	}
	return filepath.Base(name)
}

// zookeeperVersion reads the version off the name that the package gives the jar.
func zookeeperVersion() string {
	names, _ := filepath.Glob("/usr/share/java/zookeeper-[0-9]*.jar")
	if len(names) == 0 {
		return ""
	}
	return " " + strings.TrimSuffix(strings.TrimPrefix(filepath.Base(names[0]), "zookeeper-"), ".jar")
}
