package kubeconfig

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// Cluster is what is known of a cluster's API.
type Cluster struct {
	// Host is its URL, without a slash at the end.
	Host    string
	SkipTLS bool
	// CA is its certificate authority, PEM in base64; "" where the system's are trusted.
	CA string
	// Token is the account's; "" where it logs in by other means, which NoToken names.
	Token, NoToken string
}

// podFolder is where a pod finds its account.
const podFolder = "/var/run/secrets/kubernetes.io/serviceaccount"

// Read reads the cluster.
func (s Source) Read() (Cluster, error) {
	if len(s.Paths) == 0 {
		return s.pod(podFolder)
	}
	f, err := load(s.Paths)
	if err != nil {
		return Cluster{}, err
	}
	return f.cluster(s.Context)
}

func (s Source) pod(folder string) (Cluster, error) {
	c := Cluster{Host: "https://" + net.JoinHostPort(s.getenv("KUBERNETES_SERVICE_HOST"), s.getenv("KUBERNETES_SERVICE_PORT"))}
	var errCA, errToken error
	c.CA, errCA = encoded(filepath.Join(folder, "ca.crt"))
	c.Token, errToken = line(filepath.Join(folder, "token"))
	if err := errors.Join(errCA, errToken); err != nil {
		return Cluster{}, fmt.Errorf("account of the pod that the daemon runs in: %w", err)
	}
	return c, nil
}

// cluster finds the cluster and the account of a context.
func (f *files) cluster(name string) (Cluster, error) {
	if name == "" {
		name = f.current
	}
	context, ok := f.contexts[name]
	switch {
	case ok:
	case name == "":
		return Cluster{}, fmt.Errorf("%s: no current context; give the provider a context (%s)", f, f.has())
	default:
		return Cluster{}, fmt.Errorf("%s: no context %s (%s)", f, name, f.has())
	}
	at := f.clusters[context.Cluster]
	host := strings.TrimRight(at.Server, "/")
	if host == "" {
		return Cluster{}, fmt.Errorf("%s: context %s: there is no cluster %q with a server", f, name, context.Cluster)
	}
	c := Cluster{Host: host, SkipTLS: at.Skip}
	var err error
	if c.CA, err = authority(at); err != nil {
		return Cluster{}, fmt.Errorf("%s: cluster %s: %w", f, context.Cluster, err)
	}
	if c.Token, c.NoToken, err = f.users[context.User].token(); err != nil {
		return Cluster{}, fmt.Errorf("%s: user %s: %w", f, context.User, err)
	}
	return c, nil
}

func authority(c cluster) (string, error) {
	if c.CAData != "" {
		data := strings.Join(strings.Fields(c.CAData), "")
		if _, err := base64.StdEncoding.DecodeString(data); err != nil {
			return "", errors.New("certificate-authority-data is not base64")
		}
		return data, nil
	}
	if c.CA == "" {
		return "", nil
	}
	return encoded(c.CA)
}

// token is the account's, or what it logs in with instead.
func (u user) token() (token, instead string, err error) {
	switch {
	case u.Token != "":
		return u.Token, "", nil
	case u.TokenFile != "":
		token, err = line(u.TokenFile)
		return token, "", err
	case u.Exec != nil:
		return "", "a credential plugin", nil
	case u.AuthProvider != nil:
		return "", "an auth provider", nil
	case u.Certificate != "" || u.CertificateData != "":
		return "", "a client certificate", nil
	case u.Username != "":
		return "", "a password", nil
	}
	return "", "nothing", nil
}

func encoded(path string) (string, error) {
	data, err := os.ReadFile(path)
	return base64.StdEncoding.EncodeToString(data), err
}

func line(path string) (string, error) {
	data, err := os.ReadFile(path)
	return strings.TrimSpace(string(data)), err
}
