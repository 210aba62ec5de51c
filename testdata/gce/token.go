package gce

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"os"
	"strings"
)

const account = "ci@acme.iam.gserviceaccount.com"

// NewKey gives the service account another key: the old one, and tokens that were got with it, are refused from now on.
func (c *Cloud) NewKey() error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.key, c.token = key, rand.Text()
	return nil
}

// WriteKey writes the account's key to a file as Google gives it out.
func (c *Cloud) WriteKey(path string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	der, err := x509.MarshalPKCS8PrivateKey(c.key)
	if err != nil {
		return err
	}
	data, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": c.Project, "private_key_id": "1", "client_email": account, "client_id": "1",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": c.server.URL + "/token",
	})
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}

// Env is the environment that leads Google's libraries and Terraform's provider here, with the key in a file. Terraform's
// provider also asks Google who it is, and goes on when it cannot: the proxy, where nobody listens, makes that short.
func (c *Cloud) Env(key string) []string {
	return []string{"GOOGLE_APPLICATION_CREDENTIALS=" + key, "GOOGLE_COMPUTE_CUSTOM_ENDPOINT=" + c.Endpoint(), "HTTPS_PROXY=http://127.0.0.1:1"}
}

// giveToken takes a signed assertion for a token (RFC 7523).
func (c *Cloud) giveToken(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.signed(r.FormValue("assertion")) {
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
		return
	}
	answer(w, http.StatusOK, map[string]any{"access_token": c.token, "token_type": "Bearer", "expires_in": 3599})
}

func (c *Cloud) signed(assertion string) bool {
	text, signature, _ := cutLast(assertion, ".")
	sig, err := base64.RawURLEncoding.DecodeString(signature)
	sum := sha256.Sum256([]byte(text))
	return err == nil && rsa.VerifyPKCS1v15(&c.key.PublicKey, crypto.SHA256, sum[:], sig) == nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
