package ibmvpc

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// envs are settings, with what they mean to the launcher.
var envs = map[string]struct {
	text string
	want Credentials
	err  string
}{
	"key":        {"VPC_AUTH_TYPE=iam\nVPC_APIKEY=key-1\n", Credentials{APIKey: "key-1"}, ""},
	"spaces":     {"# mine\r\n VPC_APIKEY = k=1 \r\n\r\nVPC_URL=x\r\n", Credentials{APIKey: "k=1"}, ""},
	"profile":    {"VPC_AUTH_TYPE=iamAssume\nVPC_APIKEY=k\nVPC_IAM_PROFILE_ID=Profile-1\nVPC_AUTH_URL=https://iam.test\n", Credentials{APIKey: "k", Profile: "Profile-1", AuthURL: "https://iam.test"}, ""},
	"token":      {"VPC_AUTH_TYPE=bearerToken\nVPC_BEARER_TOKEN=ey.a.b", Credentials{Token: "ey.a.b"}, ""},
	"empty":      {"VPC_APIKEY=\nVPC_AUTH_TYPE=iam", Credentials{}, "no VPC_APIKEY"},
	"no token":   {"VPC_AUTH_TYPE=bearertoken", Credentials{}, "no VPC_BEARER_TOKEN"},
	"other type": {"VPC_AUTH_TYPE=container\nVPC_APIKEY=secret", Credentials{}, "VPC_AUTH_TYPE container: Terraform's provider"},
	"none":       {"", Credentials{}, "no VPC_APIKEY"},
}

// TestCredentials: the same settings mean the same in a file and in the environment. No error tells a value.
func TestCredentials(t *testing.T) {
	for name, c := range envs {
		file := filepath.Join(t.TempDir(), "ibm.env")
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		byFile, byEnv, named := read(t, "credentials-file: "+file), read(t, ""), read(t, "")
		settings := parse(c.text)
		byEnv.Getenv = func(name string) string { return settings[name] }
		named.Getenv = func(name string) string { return map[string]string{"IBM_CREDENTIALS_FILE": file}[name] }
		for where, p := range map[string]*Provider{"file": byFile, "environment": byEnv, "IBM_CREDENTIALS_FILE": named} {
			got, err := p.Credentials()
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "secret") {
					t.Errorf("%s, %s: %v", name, where, err)
				}
				continue
			}
			if d := cmp.Diff(c.want, got); d != "" || err != nil {
				t.Errorf("%s, %s: %v %s", name, where, err, d)
			}
		}
	}
	if _, err := read(t, "credentials-file: /nowhere/ibm.env").Credentials(); err == nil || !strings.Contains(err.Error(), "/nowhere/ibm.env") {
		t.Errorf("%v", err)
	}
}

// TestEnvironment: what Terraform cannot read it is given; its own variable will do for both.
func TestEnvironment(t *testing.T) {
	p := read(t, "")
	p.Getenv = func(name string) string { return map[string]string{"VPC_APIKEY": "k", "VPC_IAM_PROFILE_ID": "i"}[name] }
	if d := cmp.Diff(map[string]any{"region": "eu-de", "ibmcloud_api_key": "k", "iam_profile_id": "i"}, p.config()); d != "" {
		t.Error(d)
	}
	p.Getenv = func(name string) string { return map[string]string{"IC_API_KEY": "k"}[name] }
	if c, err := p.Credentials(); err != nil || c.APIKey != "k" {
		t.Errorf("%v", err)
	}
	if d := cmp.Diff(map[string]any{"region": "eu-de"}, p.config()); d != "" {
		t.Error(d)
	}
}

// TestTerraformReads: Terraform gets the same of a file as the launcher, and the file alone has it.
func TestTerraformReads(t *testing.T) {
	dir := t.TempDir()
	var b strings.Builder
	want := map[string]string{}
	for name, c := range envs {
		file := filepath.Join(dir, name+`"${x}.env`)
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		config := read(t, "credentials-file: '"+file+"'").config()
		settings := parse(c.text)
		for argument, setting := range map[string]string{"ibmcloud_api_key": settingKey, "iam_profile_id": settingProfile, "iam_token": settingToken} {
			key := name + " " + argument
			template := config[argument].(modules.FileSetting).Template()
			fmt.Fprintf(&b, "  %q = try(nonsensitive(%s), \"\")\n", key, template[2:len(template)-1])
			if settings[setting] != "" {
				want[key] = settings[setting]
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte("locals {\n all = {\n"+b.String()+"}\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "terraform", "console")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "CHECKPOINT_DISABLE=1")
	cmd.Stdin = strings.NewReader("join(\"\\n\", [for k, v in local.all : \"${k}=${v}\" if try(v, \"\") != \"\" && v != null])\n")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for key, value := range want {
		if !strings.Contains(string(out), key+"="+value+"\n") {
			t.Errorf("%s is not %s", key, value)
		}
	}
	if n := strings.Count(string(out), "="); n != len(want)+1 { // one value has one
		t.Errorf("%d values, want %d:\n%s", n, len(want), out)
	}
}
