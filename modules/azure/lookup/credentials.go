package lookup

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

// credentials are those of a service principal: what Nodepool reads at auth-path.
type credentials struct {
	ClientID       string `json:"clientId"`
	ClientSecret   string `json:"clientSecret"`
	TenantID       string `json:"tenantId"`
	SubscriptionID string `json:"subscriptionId"`
}

const maxCredentials = 64 << 10 // bytes of the file

// readCredentials reads the file. An error is a *driver.Refused and quotes nothing of it.
func readCredentials(path string) (credentials, error) {
	c, err := parseCredentials(path)
	if err != nil {
		err = &driver.Refused{Err: fmt.Errorf("credentials of Azure (auth-path, or AZURE_AUTH_LOCATION): %w", err)}
	}
	return c, err
}

func parseCredentials(path string) (credentials, error) {
	var c credentials
	f, err := os.Open(path) //nolint:gosec // the operator's own file
	if err != nil {
		return c, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxCredentials))
	if err != nil {
		return c, err
	}
	if json.Unmarshal(data, &c) != nil {
		return c, fmt.Errorf("%s is not a JSON object with clientId, clientSecret, tenantId and subscriptionId", path)
	}
	for _, field := range []struct{ name, value string }{
		{"clientId", c.ClientID}, {"clientSecret", c.ClientSecret}, {"tenantId", c.TenantID}, {"subscriptionId", c.SubscriptionID},
	} {
		if field.value == "" {
			err = errors.Join(err, fmt.Errorf("%s has no %s", path, field.name))
		}
	}
	return c, err
}
