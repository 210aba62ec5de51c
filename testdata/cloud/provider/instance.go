package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// instance is the resource simcloud_instance.
type instance struct{ *account }

type instanceModel struct {
	ID          types.String `tfsdk:"id"`
	Name        types.String `tfsdk:"name"`
	Image       types.String `tfsdk:"image"`
	Flavor      types.String `tfsdk:"flavor"`
	Tags        types.Map    `tfsdk:"tags"`
	State       types.String `tfsdk:"state"`
	PublicIPv4  types.String `tfsdk:"public_ipv4"`
	PrivateIPv4 types.String `tfsdk:"private_ipv4"`
	Timeouts    *timeouts    `tfsdk:"timeouts"`
}

// timeouts are Go durations.
type timeouts struct {
	Create types.String `tfsdk:"create"`
	Delete types.String `tfsdk:"delete"`
}

var (
	replace = []planmodifier.String{stringplanmodifier.RequiresReplace()}
	keep    = []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
)

func (*instance) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_instance"
}

func (*instance) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id":           schema.StringAttribute{Computed: true, PlanModifiers: keep},
		"name":         schema.StringAttribute{Required: true, PlanModifiers: replace},
		"image":        schema.StringAttribute{Required: true, PlanModifiers: replace, Description: "Name or id."},
		"flavor":       schema.StringAttribute{Required: true, PlanModifiers: replace},
		"tags":         schema.MapAttribute{Optional: true, ElementType: types.StringType},
		"state":        schema.StringAttribute{Computed: true, PlanModifiers: keep},
		"public_ipv4":  schema.StringAttribute{Computed: true, PlanModifiers: keep},
		"private_ipv4": schema.StringAttribute{Computed: true, PlanModifiers: keep},
		"timeouts": schema.SingleNestedAttribute{Optional: true, Attributes: map[string]schema.Attribute{
			"create": schema.StringAttribute{Optional: true, Description: "Default 10m."},
			"delete": schema.StringAttribute{Optional: true, Description: "Default 10m."},
		}},
	}}
}

func (r *instance) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if a, ok := req.ProviderData.(*account); ok {
		r.account = a
	}
}

// ImportState takes an instance over by its id.
func (*instance) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}

// take copies what the cloud says into the model.
func (m *instanceModel) take(ctx context.Context, i api.Instance) diag.Diagnostics {
	m.ID, m.Name, m.Image, m.Flavor = types.StringValue(i.ID), types.StringValue(i.Name), types.StringValue(i.Image), types.StringValue(i.Flavor)
	m.State, m.PublicIPv4, m.PrivateIPv4 = types.StringValue(string(i.State)), types.StringValue(i.PublicIPv4), types.StringValue(i.PrivateIPv4)
	var diags diag.Diagnostics
	m.Tags, diags = tagsValue(ctx, m.Tags, i.Tags)
	return diags
}

// tagsValue does not turn absent tags into empty ones.
func tagsValue(ctx context.Context, was types.Map, tags map[string]string) (types.Map, diag.Diagnostics) {
	if len(tags) == 0 && was.IsNull() {
		return types.MapNull(types.StringType), nil
	}
	return types.MapValueFrom(ctx, types.StringType, tags)
}

func tagsOf(ctx context.Context, v types.Map) (map[string]string, diag.Diagnostics) {
	tags := map[string]string{}
	if v.IsNull() || v.IsUnknown() {
		return tags, nil
	}
	return tags, v.ElementsAs(ctx, &tags, false)
}
