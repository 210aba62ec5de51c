package main

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

var rootTags = path.Root("tags")

// instances is the data source simcloud_instances: what a search for leaks asks.
type instances struct{ source }

type instanceItem struct {
	ID      string            `tfsdk:"id"`
	Name    string            `tfsdk:"name"`
	State   string            `tfsdk:"state"`
	Created string            `tfsdk:"created"`
	Tags    map[string]string `tfsdk:"tags"`
}

func (*instances) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_instances"
}

func (*instances) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = listingSchema("instances", map[string]schema.Attribute{
		"state": schema.StringAttribute{Computed: true}, "created": schema.StringAttribute{Computed: true, Description: "RFC 3339."},
	})
}

func (d *instances) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m struct {
		Tags      types.Map      `tfsdk:"tags"`
		Instances []instanceItem `tfsdk:"instances"`
	}
	var tags types.Map
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, rootTags, &tags)...)
	m.Tags, m.Instances = tags, []instanceItem{}
	want, diags := tagsOf(ctx, tags)
	resp.Diagnostics.Append(diags...)
	all, err := api.All[api.Instance](ctx, d.client, d.project, api.Instances, want)
	if err != nil {
		resp.Diagnostics.AddError("Instances could not be listed", explain(ctx, err))
	}
	for _, i := range all {
		m.Instances = append(m.Instances, instanceItem{i.ID, i.Name, string(i.State), i.Created.Format(time.RFC3339), i.Tags})
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
