package main

import (
	"cmp"
	"context"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// simcloud is the provider.
type simcloud struct{}

func (*simcloud) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName, resp.Version = "simcloud", cloud.Version
}

func (*simcloud) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"endpoint":        schema.StringAttribute{Optional: true, Description: "http://host:port; default: the environment's SIMCLOUD_ENDPOINT."},
		"project":         schema.StringAttribute{Required: true},
		"token":           schema.StringAttribute{Optional: true, Sensitive: true, Description: "Default: the environment's SIMCLOUD_TOKEN."},
		"max_retries":     schema.Int64Attribute{Optional: true, Description: "How often a throttled request, and a failed one that changes nothing, is repeated; default 3."},
		"request_timeout": schema.StringAttribute{Optional: true, Description: "How long an answer is waited for, a Go duration; default 60s."},
	}}
}

func (*simcloud) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var c struct {
		Endpoint       types.String `tfsdk:"endpoint"`
		Project        types.String `tfsdk:"project"`
		Token          types.String `tfsdk:"token"`
		MaxRetries     types.Int64  `tfsdk:"max_retries"`
		RequestTimeout types.String `tfsdk:"request_timeout"`
	}
	resp.Diagnostics.Append(req.Config.Get(ctx, &c)...)
	a := &account{project: c.Project.ValueString(), retries: 3, client: &api.Client{
		Endpoint: strings.TrimSuffix(cmp.Or(c.Endpoint.ValueString(), os.Getenv("SIMCLOUD_ENDPOINT")), "/"),
		Token:    cmp.Or(c.Token.ValueString(), os.Getenv("SIMCLOUD_TOKEN")),
	}}
	if a.client.Endpoint == "" {
		resp.Diagnostics.AddError("No endpoint", "Set the provider's argument endpoint, or SIMCLOUD_ENDPOINT in the environment.")
	}
	if !c.MaxRetries.IsNull() {
		a.retries = int(c.MaxRetries.ValueInt64())
	}
	timeout, err := duration(c.RequestTimeout, time.Minute)
	if err != nil {
		resp.Diagnostics.AddError("Invalid request_timeout", err.Error())
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 32
	a.client.HTTP = &http.Client{Timeout: timeout, Transport: transport}
	resp.ResourceData, resp.DataSourceData = a, a
}

func (*simcloud) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		func() datasource.DataSource { return &images{} },
		func() datasource.DataSource { return &instances{} },
		func() datasource.DataSource { return &flavors{} },
	}
}

func (*simcloud) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		func() resource.Resource { return &instance{} },
		func() resource.Resource { return &object{kind: api.Images, name: "image"} },
		func() resource.Resource { return &object{kind: api.Networks, name: "network"} },
	}
}

// duration reads an optional Go duration.
func duration(v types.String, otherwise time.Duration) (time.Duration, error) {
	if v.ValueString() == "" {
		return otherwise, nil
	}
	return time.ParseDuration(v.ValueString())
}
