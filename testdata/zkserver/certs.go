package zkserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// Certs are PEM files of a certificate authority of their own, made for one
// test. The server's certificate names no host, like those of the usual scripts.
type Certs struct {
	CA         string
	ClientCert string
	ClientKey  string

	serverStore string // certificate and key in one file, as ZooKeeper wants them
}

// NewCerts makes a new authority with one server and one client certificate.
func NewCerts(dir string) (*Certs, error) {
	c, err := newCerts(dir)
	if err != nil {
		return nil, fmt.Errorf("make certificates in %s: %w", dir, err)
	}
	return c, nil
}

func newCerts(dir string) (*Certs, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	caCert, caKey, err := issue("test authority", nil, nil)
	if err != nil {
		return nil, err
	}
	c := &Certs{
		CA:          filepath.Join(dir, "ca.pem"),
		ClientCert:  filepath.Join(dir, "client.pem"),
		ClientKey:   filepath.Join(dir, "client-key.pem"),
		serverStore: filepath.Join(dir, "server-store.pem"),
	}
	serverCert, serverKey, err := issue("zookeeper", caCert, caKey)
	if err != nil {
		return nil, err
	}
	clientCert, clientKey, err := issue("client", caCert, caKey)
	if err != nil {
		return nil, err
	}
	serverKeyPEM, err := keyPEM(serverKey)
	if err != nil {
		return nil, err
	}
	clientKeyPEM, err := keyPEM(clientKey)
	if err != nil {
		return nil, err
	}
	for path, data := range map[string][]byte{
		c.CA:          certPEM(caCert),
		c.ClientCert:  certPEM(clientCert),
		c.ClientKey:   clientKeyPEM,
		c.serverStore: append(serverKeyPEM, certPEM(serverCert)...),
	} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// issue makes a certificate; without a parent it is an authority.
func issue(name string, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
	}
	if parent == nil {
		template.IsCA = true
		template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		return nil, nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return cert, key, err
}

func certPEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

func keyPEM(k *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}
