package dashboard

import (
	"strings"
	"testing"
)

func TestMasked(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"no secret", "module \"n1\" {\n  name = \"a\"\n}\n", "module \"n1\" {\n  name = \"a\"\n}\n"},
		{"an input", "module \"n1\" {\n  admin_password = \"hunter2\"\n  size = 4\n}\n", "module \"n1\" {\n  admin_password = \"(not shown)\"\n  size = 4\n}\n"},
		{"in an object", "module \"n1\" {\n  auth = {\n    \"api-user\" = \"u\"\n    apiKey = \"k3y\"\n  }\n}\n", "module \"n1\" {\n  auth = {\n    \"api-user\" = \"u\"\n    apiKey = \"(not shown)\"\n  }\n}\n"},
		{"all of an object", "m {\n  secrets = {\n    token = \"a\"\n    b = [\"c\"]\n  }\n}\n", "m {\n  secrets = \"(not shown)\"\n}\n"},
		{"custom data", "m {\n  custom_data = \"login hunter2\"\n}\n", "m {\n  custom_data = \"(not shown)\"\n}\n"},
		{"a script", "m {\n  user_data = <<EOT\n#!/bin/sh\nlogin hunter2\nEOT\n  a = 1\n}\n", "m {\n  user_data = \"(not shown)\"\n  a = 1\n}\n"},
		{"a variable", "m {\n  env = [{\n    name = \"API_TOKEN\"\n    value = \"k3y\"\n  }, {\n    name = \"A\"\n    value = \"b\"\n  }]\n}\n", "m {\n  env = [{\n    name = \"API_TOKEN\"\n    value = \"(not shown)\"\n  }, {\n    name = \"A\"\n    value = \"b\"\n  }]\n}\n"},
		{"an address", "m {\n  source = \"git::https://x:glpat-1@host/m.git?ref=v1\"\n  mirror = \"https://host/a?sig=k3y&v=1\"\n}\n", "m {\n  source = \"git::https://***@host/m.git?ref=v1\"\n  mirror = \"https://host/a?sig=***&v=1\"\n}\n"},
		{"cut", "m {\n  password = \"hunter2\"\n  a = ", "The block is too long to be shown; it is in the workspace's folder."},
	} {
		if got := masked(c.text); got != c.want {
			t.Errorf("%s: %q, not %q", c.name, got, c.want)
		}
	}
}

// Whatever comes, a secret is not in what is shown.
func FuzzMasked(f *testing.F) {
	f.Add("a = 1")
	f.Add("}\nx {")
	f.Fuzz(func(t *testing.T, rest string) {
		const secret = "tops3cret"
		text := "m {\n  password = \"" + secret + "\"\n  other = {\n    token = \"" + secret + "\"\n  }\n" + rest + "\n}\n"
		if strings.Contains(rest, secret) {
			return
		}
		if strings.Contains(masked(text), secret) {
			t.Errorf("%q shows it", text)
		}
	})
}
