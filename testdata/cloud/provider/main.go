// Command provider is the Terraform provider simcloud for the simulated cloud.
//
//	provider "simcloud" {
//	  endpoint = "http://127.0.0.1:8080" # or SIMCLOUD_ENDPOINT
//	  project  = "acme"
//	  token    = "..."                   # or SIMCLOUD_TOKEN
//	}
//
// Resources simcloud_instance, simcloud_image, simcloud_network; data sources simcloud_instances, simcloud_images,
// simcloud_flavors. It behaves as the providers of real clouds do, their bad habits included: an instance that was
// accepted and whose answer was lost is not known to it, and one that ends in ERROR is left behind, tainted.
package main

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud"
)

func main() {
	err := providerserver.Serve(context.Background(), func() provider.Provider { return &simcloud{} }, providerserver.ServeOpts{Address: cloud.Source})
	if err != nil {
		log.Fatal(err)
	}
}
