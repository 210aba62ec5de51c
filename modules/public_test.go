package modules

import (
	"strings"
	"testing"
)

func TestPublic(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"terraform-aws-modules/ec2-instance/aws":                             "terraform-aws-modules/ec2-instance/aws",
		"./modules/server":                                                   "./modules/server",
		"git@github.com:org/m.git":                                           "git@github.com:org/m.git",
		"git::https://host/m.git//sub?ref=v1.2.0&depth=1":                    "git::https://host/m.git//sub?ref=v1.2.0&depth=1",
		"git::ssh://git@host/m.git?ref=v1":                                   "git::ssh://git@host/m.git?ref=v1",
		"git::ssh://git:pass@host/m.git":                                     "git::ssh://***@host/m.git",
		"git::https://x:glpat-1@host/m.git//sub?ref=v1":                      "git::https://***@host/m.git//sub?ref=v1",
		"git::https://ghp_1@github.com/org/m.git":                            "git::https://***@github.com/org/m.git",
		"https://u:p@ss@host:8443/m.zip":                                     "https://***@host:8443/m.zip",
		"https://host/pkg@v1/m.zip":                                          "https://host/pkg@v1/m.zip",
		"git::git@host:org/m.git?ref=v1&sshkey=LS0tLS1C==":                   "git::git@host:org/m.git?ref=v1&sshkey=***",
		"s3::https://s3.amazonaws.com/b/m.zip?aws_access_key_secret=x&a=b#c": "s3::https://s3.amazonaws.com/b/m.zip?aws_access_key_secret=***&a=b#c",
		"https://b.blob.core.windows.net/m.zip?sp=r&sig=ab%2Bc&sv=1":         "https://b.blob.core.windows.net/m.zip?sp=r&sig=***&sv=1",
		"https://host/m.zip?design=a&monkey.x=1":                             "https://host/m.zip?design=a&monkey.x=***",
		`error downloading 'https://x:t0k@host/m.git': fatal: unable to access 'https://x:t0k@host/m.git/': Could not resolve host: host`://
		`error downloading 'https://***@host/m.git': fatal: unable to access 'https://***@host/m.git/': Could not resolve host: host`,
		"mail a@b.example, see https://host/a": "mail a@b.example, see https://host/a",
	} {
		if got := Public(text); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// FuzzPublic: a credential that stands where one belongs is never in what comes out, and that is not changed again.
func FuzzPublic(f *testing.F) {
	f.Add("git::https://", "/m.git?ref=", "token")
	f.Fuzz(func(t *testing.T, before, after, key string) {
		const secret = "tops3cret"
		if strings.Contains(before+after, secret) || strings.ContainsAny(key, " \t\n\v\f\r\u0085\u00a0=&#\"'") {
			return
		}
		text := before + "https://user:" + secret + "@host/m.zip?x" + key + "_token=" + secret + "&" + after
		got := Public(text)
		if strings.Contains(got, secret) {
			t.Errorf("%q becomes %q", text, got)
		}
		if again := Public(got); again != got {
			t.Errorf("%q becomes %q", got, again)
		}
	})
}
