package azure

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Who may log in, and what is there from the start.
const (
	Tenant       = "11111111-2222-3333-4444-555555555555"
	Client       = "66666666-7777-8888-9999-000000000000"
	Subscription = "12345678-1234-1234-1234-123456789012"
	Location     = "westeurope"
	Group        = "ci-nodes"
	Network      = "vnet-ci" // with the subnets default and nodes
)

// Server is the cloud. Its methods may be called by several goroutines.
type Server struct {
	URL, Host string // https://Host
	Client    *http.Client
	srv       *httptest.Server

	mu         sync.Mutex
	secret     string
	resources  map[string]*resource // by path in small letters
	operations map[string]*operation
	made       int // counts, for addresses and operations
	failure    string
	limit      int // of cores
	unknown    []string
	asked      map[string]int // paths of GET, without their query
}

// Start starts one. Its certificate is valid for its address, and for nobody but who trusts it (TrustFile).
func Start() *Server {
	s := &Server{secret: "sesame-secret", resources: map[string]*resource{}, operations: map[string]*operation{}, limit: 100, asked: map[string]int{}}
	s.srv = httptest.NewTLSServer(s)
	s.URL, s.Client = s.srv.URL, s.srv.Client()
	s.Host = strings.TrimPrefix(s.URL, "https://")
	for _, subnet := range []string{"default", "nodes"} {
		s.Put(GroupPath+"/providers/Microsoft.Network/virtualNetworks/"+Network+"/subnets/"+subnet, `{}`)
	}
	return s
}

// Close ends it.
func (s *Server) Close() { s.srv.Close() }

// GroupPath is the path of the resource group.
const GroupPath = "/subscriptions/" + Subscription + "/resourceGroups/" + Group

// TrustFile writes the certificate that clients have to trust (SSL_CERT_FILE) into dir.
func (s *Server) TrustFile(dir string) (string, error) {
	path := filepath.Join(dir, "ca.pem")
	return path, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.srv.Certificate().Raw}), 0o600)
}

// AuthFile writes the credentials, with the secret that is valid now, as Nodepool's auth-path has them.
func (s *Server) AuthFile(path string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := fmt.Sprintf(`{"clientId": %q, "clientSecret": %q, "tenantId": %q, "subscriptionId": %q}`, Client, s.secret, Tenant, Subscription)
	return os.WriteFile(path, []byte(text), 0o600)
}

// Rotate changes the secret.
func (s *Server) Rotate(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secret = secret
}

// Unknown are the calls that it has no answer for.
func (s *Server) Unknown() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.unknown...)
}

// Asked is how often paths that end so were read.
func (s *Server) Asked(end string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for path, times := range s.asked {
		if strings.HasSuffix(path, end) {
			n += times
		}
	}
	return n
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch path := r.URL.Path; {
	case path == "/metadata/endpoints":
		answer(w, http.StatusOK, s.endpoints())
	case strings.HasSuffix(path, "/.well-known/openid-configuration"):
		base := s.URL + "/" + Tenant
		answer(w, http.StatusOK, map[string]string{"token_endpoint": base + "/oauth2/v2.0/token", "authorization_endpoint": base + "/oauth2/v2.0/authorize", "issuer": base + "/v2.0"})
	case path == "/"+Tenant+"/oauth2/v2.0/token":
		s.login(w, r)
	case r.Header.Get("Authorization") != "Bearer "+token():
		refuse(w, http.StatusUnauthorized, "InvalidAuthenticationToken", "The access token is invalid.")
	case r.URL.Query().Get("api-version") == "":
		refuse(w, http.StatusBadRequest, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.")
	default:
		s.manage(w, r)
	}
}

func (s *Server) endpoints() map[string]any {
	return map[string]any{
		"name": "AzureTest", "resourceManager": s.URL + "/", "microsoftGraphResourceId": s.URL + "/graph",
		"authentication": map[string]any{"loginEndpoint": s.URL, "audiences": []string{s.URL + "/arm"}, "tenant": "common", "identityProvider": "AAD"},
		"suffixes":       map[string]any{"storage": "storage.test", "keyVaultDns": "vault.test"},
	}
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || r.PostForm.Get("client_id") != Client || r.PostForm.Get("client_secret") != s.secret || r.PostForm.Get("grant_type") != "client_credentials" {
		answer(w, http.StatusUnauthorized, map[string]any{
			"error": "invalid_client", "error_codes": []int{7000215},
			"error_description": "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '" + Client + "'.\r\nTrace ID: 1\r\nCorrelation ID: 2\r\nTimestamp: 2026-11-26 12:00:00Z",
		})
		return
	}
	answer(w, http.StatusOK, map[string]any{"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token()})
}

// token is what everybody gets: Terraform's provider looks into it.
func token() string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"none"}`)) + "." + part([]byte(`{"oid":"`+Client+`","tid":"`+Tenant+`","appid":"`+Client+`"}`)) + ".x"
}

func answer(w http.ResponseWriter, status int, doc any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(doc)
}

func refuse(w http.ResponseWriter, status int, code, text string) {
	answer(w, status, map[string]any{"error": map[string]any{"code": code, "message": text}})
}
