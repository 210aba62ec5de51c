package lookup

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

// Environment variables that Terraform's provider reads as well.
const (
	environmentVariable = "ARM_ENVIRONMENT"
	metadataVariable    = "ARM_METADATA_HOSTNAME"
)

// endpoint is the cloud that the environment names.
func (c *Cloud) endpoint(ctx context.Context) (cloud.Configuration, error) {
	if host := c.provider.Getenv(metadataVariable); host != "" {
		where, err := c.metadata(ctx, "https://"+host)
		if err != nil {
			err = fmt.Errorf("metadata of the cloud at %s (%s): %w", host, metadataVariable, err)
		}
		return where, err
	}
	switch strings.ToLower(c.provider.Getenv(environmentVariable)) {
	case "", "public", "azurepubliccloud":
		return cloud.AzurePublic, nil
	case "usgovernment", "azureusgovernmentcloud":
		return cloud.AzureGovernment, nil
	case "china", "azurechinacloud":
		return cloud.AzureChina, nil
	}
	return cloud.Configuration{}, &driver.Refused{Err: fmt.Errorf("%s names no cloud that is known: expected public, usgovernment or china", environmentVariable)}
}

// metadata asks a cloud of its own where it is.
func (c *Cloud) metadata(ctx context.Context, url string) (cloud.Configuration, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/metadata/endpoints?api-version=2022-09-01", nil)
	if err != nil {
		return cloud.Configuration{}, err
	}
	resp, err := c.client.Do(r)
	if err != nil {
		return cloud.Configuration{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return cloud.Configuration{}, err
	}
	var doc struct {
		ResourceManager string `json:"resourceManager"`
		Authentication  struct {
			LoginEndpoint string   `json:"loginEndpoint"`
			Audiences     []string `json:"audiences"`
		} `json:"authentication"`
	}
	if resp.StatusCode != http.StatusOK || json.Unmarshal(body, &doc) != nil || doc.ResourceManager == "" || doc.Authentication.LoginEndpoint == "" {
		return cloud.Configuration{}, fmt.Errorf("HTTP status %d, and no endpoints", resp.StatusCode)
	}
	audience := doc.ResourceManager
	if a := doc.Authentication.Audiences; len(a) > 0 {
		audience = a[0]
	}
	return cloud.Configuration{
		ActiveDirectoryAuthorityHost: doc.Authentication.LoginEndpoint,
		Services:                     map[cloud.ServiceName]cloud.ServiceConfiguration{cloud.ResourceManager: {Endpoint: doc.ResourceManager, Audience: audience}},
	}, nil
}
