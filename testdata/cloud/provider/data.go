package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// source is what the data sources have in common.
type source struct{ *account }

func (s *source) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	if a, ok := req.ProviderData.(*account); ok {
		s.account = a
	}
}

// listingSchema is that of a data source of things with tags.
func listingSchema(attribute string, item map[string]schema.Attribute) schema.Schema {
	item["id"] = schema.StringAttribute{Computed: true}
	item["name"] = schema.StringAttribute{Computed: true}
	item["tags"] = schema.MapAttribute{Computed: true, ElementType: types.StringType}
	return schema.Schema{Attributes: map[string]schema.Attribute{
		"tags":    schema.MapAttribute{Optional: true, ElementType: types.StringType, Description: "What the things listed must have; an empty value matches any."},
		attribute: schema.ListNestedAttribute{Computed: true, NestedObject: schema.NestedAttributeObject{Attributes: item}},
	}}
}

// images is the data source simcloud_images.
type images struct{ source }

type imageItem struct {
	ID      string            `tfsdk:"id"`
	Name    string            `tfsdk:"name"`
	Details map[string]string `tfsdk:"details"`
	Tags    map[string]string `tfsdk:"tags"`
}

func (*images) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_images"
}

func (*images) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = listingSchema("images", map[string]schema.Attribute{"details": schema.MapAttribute{Computed: true, ElementType: types.StringType}})
}

func (d *images) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m struct {
		Tags   types.Map   `tfsdk:"tags"`
		Images []imageItem `tfsdk:"images"`
	}
	var tags types.Map
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, rootTags, &tags)...)
	m.Tags, m.Images = tags, []imageItem{}
	want, diags := tagsOf(ctx, tags)
	resp.Diagnostics.Append(diags...)
	all, err := api.All[api.Object](ctx, d.client, d.project, api.Images, want)
	if err != nil {
		resp.Diagnostics.AddError("Images could not be listed", explain(ctx, err))
	}
	for _, i := range all {
		m.Images = append(m.Images, imageItem{i.ID, i.Name, i.Details, i.Tags})
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
