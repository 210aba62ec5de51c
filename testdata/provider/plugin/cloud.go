package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	simcloud "github.com/nodepool-tf/nodepool-tf/testdata/provider"
)

// cloud is the provider: its configuration names the folder of the books.
type cloud struct{}

func (*cloud) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName, resp.Version = "simcloud", simcloud.Version
}

func (*cloud) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"books": schema.StringAttribute{Required: true, Description: "Existing folder in which each server is a file."},
		"token": schema.StringAttribute{Optional: true, Sensitive: true, Description: "Not used; stands for a credential."},
	}}
}

func (*cloud) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config struct {
		Books types.String `tfsdk:"books"`
		Token types.String `tfsdk:"token"`
	}
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.ResourceData = books(config.Books.ValueString())
}

func (*cloud) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (*cloud) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &server{} }}
}
