package ibmvpc

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// Credentials are settings of IBM's SDKs for the service VPC, of a file or of the environment. They are secrets: never
// print them.
type Credentials struct {
	APIKey string
	// Profile is the id of a trusted profile that the key's owner takes on, "" for the owner itself.
	Profile string
	// Token is there in the place of a key, for as long as it lives.
	Token string
	// AuthURL is where tokens are got, "" for IBM's own address.
	AuthURL string
}

// Names of the settings (doc of IBM's SDKs, "authentication"). The last two are of Terraform's provider.
const (
	settingFile    = "IBM_CREDENTIALS_FILE"
	settingType    = "VPC_AUTH_TYPE"
	settingKey     = "VPC_APIKEY"
	settingProfile = "VPC_IAM_PROFILE_ID"
	settingToken   = "VPC_BEARER_TOKEN"
	settingAuthURL = "VPC_AUTH_URL"
	terraformKey   = "IC_API_KEY"
	terraformOld   = "IBMCLOUD_API_KEY"
)

// File is where the settings are, "" for the environment: as with Nodepool, credentials-file or the file that the
// environment names.
func (p *Provider) File() string {
	name := cmp.Or(p.CredentialsFile, p.getenv(settingFile))
	if abs, err := filepath.Abs(name); err == nil && name != "" { // Terraform runs in folders of its own
		return abs
	}
	return name
}

func (p *Provider) getenv(name string) string {
	if p.Getenv == nil {
		return ""
	}
	return p.Getenv(name)
}

// Credentials reads the settings as they are now. Errors name the file or the settings, never a value.
func (p *Provider) Credentials() (Credentials, error) {
	file := p.File()
	if file == "" {
		c, err := credentials(func(name string) string {
			if name == settingKey {
				return cmp.Or(p.getenv(name), p.getenv(terraformKey), p.getenv(terraformOld))
			}
			return p.getenv(name)
		})
		if err != nil {
			err = fmt.Errorf("credentials of IBM Cloud in the environment: %w; set credentials-file of provider %s", err, p.Provider.Provider)
		}
		return c, err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return Credentials{}, fmt.Errorf("credentials of IBM Cloud: %w", err)
	}
	settings := parse(string(data))
	c, err := credentials(func(name string) string { return settings[name] })
	if err != nil {
		err = fmt.Errorf("credentials of IBM Cloud in %s: %w", file, err)
	}
	return c, err
}

// parse reads lines NAME=value; other lines mean nothing.
func parse(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(line, "="); ok {
			out[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return out
}

// credentials are those of some settings. Ways to log in that Terraform's provider does not know are refused.
func credentials(setting func(string) string) (Credentials, error) {
	c := Credentials{APIKey: setting(settingKey), Profile: setting(settingProfile), Token: setting(settingToken), AuthURL: setting(settingAuthURL)}
	switch kind := setting(settingType); strings.ToLower(kind) {
	case "", "iam", "iamassume":
		if c.Token = ""; c.APIKey == "" {
			return c, fmt.Errorf("no %s", settingKey)
		}
	case "bearertoken":
		if c.APIKey, c.Profile = "", ""; c.Token == "" {
			return c, fmt.Errorf("no %s", settingToken)
		}
	default:
		return c, fmt.Errorf("%s %s: Terraform's provider logs in with iam, iamAssume or bearerToken", settingType, kind)
	}
	return c, nil
}

// config is the provider block. Credentials in a file stay there: Terraform reads it at each run, so that new ones are
// used without a restart. Those of the environment it cannot read.
func (p *Provider) config() map[string]any {
	out := map[string]any{"region": p.Region}
	file := p.File()
	for argument, name := range map[string]string{"ibmcloud_api_key": settingKey, "iam_profile_id": settingProfile, "iam_token": settingToken} {
		if file != "" {
			out[argument] = modules.FileSetting{Path: file, Name: name}
		} else if value := p.getenv(name); value != "" {
			out[argument] = value
		}
	}
	return out
}
