package reconciler

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// credentials are the environment variables that common Terraform providers take theirs from, by the last word of their
// source address.
var credentials = map[string]string{
	"aws":          "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_PROFILE",
	"azurerm":      "ARM_CLIENT_ID, ARM_CLIENT_SECRET, ARM_TENANT_ID, ARM_SUBSCRIPTION_ID",
	"digitalocean": "DIGITALOCEAN_TOKEN",
	"google":       "GOOGLE_CREDENTIALS, GOOGLE_APPLICATION_CREDENTIALS",
	"hcloud":       "HCLOUD_TOKEN",
	"ibm":          "VPC_APIKEY, IBM_CREDENTIALS_FILE, IC_API_KEY",
	"kubernetes":   "KUBE_CONFIG_PATH, KUBE_TOKEN",
	"openstack":    "OS_CLOUD, OS_AUTH_URL, OS_USERNAME, OS_PASSWORD, OS_APPLICATION_CREDENTIAL_SECRET",
	"proxmox":      "PROXMOX_VE_API_TOKEN, PM_API_TOKEN_ID, PM_API_TOKEN_SECRET",
	"vsphere":      "VSPHERE_USER, VSPHERE_PASSWORD",
}

// advice says what an operator has to look at when a label is stopped.
func advice(class execute.Class, l *config.PoolLabel) string {
	const then = "a changed configuration is tried at once, a changed environment or module when the launcher is started again"
	provider := l.Pool.Provider.Name
	if class != execute.Auth {
		return fmt.Sprintf("look at module, inputs, outputs and alternatives of label %s in pool %s of provider %s, and at the module itself; %s", l.Name, l.Pool.Name, provider, then)
	}
	var names []string
	for _, local := range slices.Sorted(maps.Keys(l.Spec.RequiredProviders)) {
		word := path.Base(l.Spec.RequiredProviders[local].Source)
		if word == "." { // no source: hashicorp/<local name>
			word = local
		}
		if v := credentials[word]; v != "" {
			names = append(names, v)
		}
	}
	env := "its environment"
	if len(names) > 0 {
		env += " (" + strings.Join(names, ", ") + ")"
	}
	return fmt.Sprintf("look at provider-config of provider %s and at what its Terraform provider takes from %s; %s", provider, env, then)
}
