package lookup

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"

	"github.com/nodepool-tf/nodepool-tf/modules/azure"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

// TestEndpoint: the variables that Terraform's provider reads name the same cloud here.
func TestEndpoint(t *testing.T) {
	for name, want := range map[string]string{
		"": "https://management.azure.com", "public": "https://management.azure.com", "usgovernment": "https://management.usgovcloudapi.net",
		"China": "https://management.chinacloudapi.cn", "mars": "",
	} {
		c := &Cloud{client: http.DefaultClient, provider: azure.New(&driver.Scope{Getenv: func(variable string) string {
			if variable == "ARM_ENVIRONMENT" {
				return name
			}
			return ""
		}})}
		got, err := c.endpoint(context.Background())
		var refused *driver.Refused
		if at := got.Services[cloud.ResourceManager].Endpoint; strings.TrimSuffix(at, "/") != want || (want == "") != errors.As(err, &refused) {
			t.Errorf("%s: %s %v", name, at, err)
		}
	}
}

// TestMetadata: a host that is no cloud is told.
func TestMetadata(t *testing.T) {
	c, s := open(t)
	got, err := c.endpoint(context.Background())
	if arm := got.Services[cloud.ResourceManager]; err != nil || arm.Endpoint != s.URL+"/" || arm.Audience != s.URL+"/arm" || got.ActiveDirectoryAuthorityHost != s.URL {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := c.metadata(context.Background(), s.URL+"/elsewhere"); err == nil || !strings.Contains(err.Error(), "no endpoints") {
		t.Errorf("%v", err)
	}
}

// TestOurs: a page elsewhere is not asked for.
func TestOurs(t *testing.T) {
	s := &session{base: "https://management.azure.com"}
	for link, want := range map[string]bool{
		"https://management.azure.com/subscriptions/1?a=b": true, "https://Management.Azure.com/x": true, "https://management.azure.com.example.net/x": false,
		"http://management.azure.com/x": false, "https://example.net/": false, "": false, "/subscriptions": false,
	} {
		if s.ours(link) != want {
			t.Errorf("%s: %v", link, !want)
		}
	}
}
