// Command plugin is the provider simcloud: servers that are nothing but an entry in a folder of books.
package main

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	simcloud "github.com/nodepool-tf/nodepool-tf/testdata/provider"
)

func main() {
	err := providerserver.Serve(context.Background(), func() provider.Provider { return &cloud{} }, providerserver.ServeOpts{Address: simcloud.Source})
	if err != nil {
		log.Fatal(err)
	}
}
