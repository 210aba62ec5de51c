package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// flavors is the data source simcloud_flavors.
type flavors struct{ source }

type flavorItem struct {
	Name  string `tfsdk:"name"`
	Cores int64  `tfsdk:"cores"`
	RAM   int64  `tfsdk:"ram"`
}

func (*flavors) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_flavors"
}

func (*flavors) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"flavors": schema.ListNestedAttribute{Computed: true, NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"name":  schema.StringAttribute{Computed: true},
			"cores": schema.Int64Attribute{Computed: true},
			"ram":   schema.Int64Attribute{Computed: true, Description: "MiB."},
		}}},
	}}
}

func (d *flavors) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m struct {
		Flavors []flavorItem `tfsdk:"flavors"`
	}
	all, err := api.All[api.Flavor](ctx, d.client, d.project, "flavors", nil)
	if err != nil {
		resp.Diagnostics.AddError("Flavors could not be listed", explain(ctx, err))
	}
	for _, f := range all {
		m.Flavors = append(m.Flavors, flavorItem{f.Name, int64(f.Cores), int64(f.RAM)})
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
