package kubelab

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Token is that of the only user, who may do everything.
const Token = "kubelab-admin-token"

// Cluster is one that runs.
type Cluster struct {
	// URL is its API's, CA the file with the certificate to trust, Log what it writes.
	URL, CA, Log string

	dir       string
	client    *http.Client
	processes []*exec.Cmd
	stop      context.CancelFunc
	done      chan struct{}
}

// Start runs a cluster in dir until Stop.
func Start(ctx context.Context, etcd, apiserver, dir string) (_ *Cluster, err error) {
	c := &Cluster{dir: dir, Log: filepath.Join(dir, "kube-apiserver.log"), CA: filepath.Join(dir, "certs/apiserver.crt")}
	defer func() {
		if err != nil {
			c.end()
		}
	}()
	store, err := c.etcd(etcd)
	if err != nil {
		return nil, err
	}
	if err := c.apiserver(apiserver, store); err != nil {
		return nil, err
	}
	if err := c.ready(ctx); err != nil {
		return nil, fmt.Errorf("kube-apiserver does not get ready: %w; see %s", err, c.Log)
	}
	ctx, c.stop = context.WithCancel(context.WithoutCancel(ctx))
	c.done = make(chan struct{})
	go c.stand(ctx)
	return c, nil
}

func (c *Cluster) etcd(program string) (url string, err error) {
	client, peer := "http://"+address(), "http://"+address()
	return client, c.run(program, "etcd.log", "--data-dir", filepath.Join(c.dir, "etcd"), "--unsafe-no-fsync",
		"--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
		"--initial-advertise-peer-urls", peer, "--initial-cluster", "default="+peer)
}

func (c *Cluster) apiserver(program, store string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	data := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	keyFile, tokens := filepath.Join(c.dir, "account.key"), filepath.Join(c.dir, "tokens.csv")
	if err := errors.Join(os.WriteFile(keyFile, data, 0o600), os.WriteFile(tokens, []byte(Token+",admin,1,system:masters\n"), 0o600)); err != nil {
		return err
	}
	addr := address()
	_, port, _ := net.SplitHostPort(addr)
	c.URL = "https://" + addr
	return c.run(program, filepath.Base(c.Log), "--etcd-servers", store, "--bind-address", "127.0.0.1", "--secure-port", port,
		"--cert-dir", filepath.Dir(c.CA), "--token-auth-file", tokens, "--authorization-mode", "RBAC",
		"--service-account-issuer", "https://kubernetes.default.svc", "--service-account-key-file", keyFile, "--service-account-signing-key-file", keyFile,
		"--service-cluster-ip-range", "10.0.0.0/24")
}

// run starts a program that dies with us.
func (c *Cluster) run(program, log string, args ...string) error {
	out, err := os.Create(filepath.Join(c.dir, log))
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", program, err)
	}
	c.processes = append(c.processes, cmd)
	return nil
}

func (c *Cluster) ready(ctx context.Context) error {
	for {
		err := c.trust()
		if err == nil {
			var text string
			if text, err = c.Get(ctx, "/readyz"); err == nil && text == "ok" {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// trust makes a client that trusts the certificate the server has made for itself.
func (c *Cluster) trust() error {
	if c.client != nil {
		return nil
	}
	data, err := os.ReadFile(c.CA)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return errors.New("no certificate in " + c.CA)
	}
	c.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}, Timeout: 30 * time.Second}
	return nil
}

// Kubeconfig writes a kubeconfig with a context for the only user.
func (c *Cluster) Kubeconfig(path, context string) error {
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, contexts: [{name: %s, context: {cluster: lab, user: admin}}],
clusters: [{name: lab, cluster: {server: %q, certificate-authority: %q}}], users: [{name: admin, user: {token: %s}}]}
`, context, c.URL, c.CA, Token)
	return os.WriteFile(path, []byte(text), 0o600)
}

func (c *Cluster) caData() string {
	data, _ := os.ReadFile(c.CA)
	return base64.StdEncoding.EncodeToString(data)
}

// Stop ends the cluster.
func (c *Cluster) Stop() {
	c.stop()
	<-c.done
	c.end()
}

func (c *Cluster) end() {
	for i := len(c.processes) - 1; i >= 0; i-- {
		_ = c.processes[i].Process.Kill()
		_ = c.processes[i].Wait()
	}
}

// address is a free one on loopback.
func address() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "127.0.0.1:0"
	}
	defer l.Close()
	return strings.TrimSpace(l.Addr().String())
}
