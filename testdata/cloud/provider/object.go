package main

import (
	"context"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// object is the resources simcloud_image and simcloud_network: a name, tags, and details that the cloud only keeps.
type object struct {
	*account
	kind string // in the cloud's addresses
	name string // of the resource
}

type objectModel struct {
	ID      types.String `tfsdk:"id"`
	Name    types.String `tfsdk:"name"`
	Details types.Map    `tfsdk:"details"`
	Tags    types.Map    `tfsdk:"tags"`
}

func (o *object) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + o.name
}

func (*object) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id":      schema.StringAttribute{Computed: true, PlanModifiers: keep},
		"name":    schema.StringAttribute{Required: true, PlanModifiers: replace},
		"details": schema.MapAttribute{Optional: true, ElementType: types.StringType, PlanModifiers: []planmodifier.Map{mapplanmodifier.RequiresReplace()}},
		"tags":    schema.MapAttribute{Optional: true, ElementType: types.StringType},
	}}
}

func (o *object) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if a, ok := req.ProviderData.(*account); ok {
		o.account = a
	}
}

func (*object) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}

// send reads what is planned, sends it and returns what the cloud made of it.
func (o *object) send(ctx context.Context, m *objectModel, method string) (api.Object, diag.Diagnostics) {
	details, diags := tagsOf(ctx, m.Details)
	tags, more := tagsOf(ctx, m.Tags)
	diags.Append(more...)
	var made api.Object
	if diags.HasError() {
		return made, diags
	}
	var body any = api.Object{Name: m.Name.ValueString(), Details: details, Tags: tags}
	if method == http.MethodPatch {
		body = map[string]any{"tags": tags}
	}
	if err := o.do(ctx, method, api.Path(o.project, o.kind, m.ID.ValueString()), body, &made); err != nil {
		diags.AddError("The "+o.name+" could not be written", explain(ctx, err))
	}
	return made, diags
}

func (o *object) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m objectModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	m.ID = types.StringNull()
	made, diags := o.send(ctx, &m, http.MethodPost)
	resp.Diagnostics.Append(diags...)
	if !resp.Diagnostics.HasError() {
		m.ID = types.StringValue(made.ID)
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

func (o *object) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m objectModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	_, diags := o.send(ctx, &m, http.MethodPatch)
	resp.Diagnostics.Append(diags...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

func (o *object) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m objectModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	var is api.Object
	err := o.do(ctx, http.MethodGet, api.Path(o.project, o.kind, m.ID.ValueString()), nil, &is)
	switch {
	case api.NotFound(err):
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		resp.Diagnostics.AddError("The "+o.name+" could not be read", explain(ctx, err))
		return
	}
	m.Name = types.StringValue(is.Name)
	var diags diag.Diagnostics
	m.Tags, diags = tagsValue(ctx, m.Tags, is.Tags)
	resp.Diagnostics.Append(diags...)
	m.Details, diags = tagsValue(ctx, m.Details, is.Details)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (o *object) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m objectModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	err := o.do(ctx, http.MethodDelete, api.Path(o.project, o.kind, m.ID.ValueString()), nil, nil)
	if err != nil && !api.NotFound(err) {
		resp.Diagnostics.AddError("The "+o.name+" could not be deleted", explain(ctx, err))
	}
}
