package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// server is the resource simcloud_server.
type server struct{ books books }

type serverModel struct {
	ID      types.String `tfsdk:"id"`
	Name    types.String `tfsdk:"name"`
	Latency types.String `tfsdk:"latency"`
	Fail    types.String `tfsdk:"fail"`
	IPv4    types.String `tfsdk:"ipv4"`
}

func (*server) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_server"
}

func (*server) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	replace := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	keep := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id":      schema.StringAttribute{Computed: true, PlanModifiers: keep},
		"name":    schema.StringAttribute{Required: true, PlanModifiers: replace},
		"latency": schema.StringAttribute{Optional: true, PlanModifiers: replace, Description: "How long creating takes, a Go duration."},
		"fail":    schema.StringAttribute{Optional: true, PlanModifiers: replace, Description: "Error with which creating ends; the server is there nevertheless, as in real clouds."},
		"ipv4":    schema.StringAttribute{Computed: true, PlanModifiers: keep},
	}}
}

func (s *server) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if b, ok := req.ProviderData.(books); ok {
		s.books = b
	}
}

// Create enters the server into the books at once and waits for it afterwards, like a cloud that accepts and then boots.
func (s *server) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m serverModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	latency := time.Duration(0)
	if text := m.Latency.ValueString(); text != "" {
		var err error
		if latency, err = time.ParseDuration(text); err != nil {
			resp.Diagnostics.AddError("Invalid latency", err.Error())
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	id := uuid.New()
	m.ID = types.StringValue(id.String())
	m.IPv4 = types.StringValue(fmt.Sprintf("127.%d.%d.%d", id[0], id[1], id[2]))
	if err := s.books.enter(id.String(), m.Name.ValueString()); err != nil {
		resp.Diagnostics.AddError("Server was not accepted", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	select {
	case <-time.After(latency):
	case <-ctx.Done():
		resp.Diagnostics.AddError("Waiting for the server was interrupted", ctx.Err().Error())
	}
	if text := m.Fail.ValueString(); text != "" {
		resp.Diagnostics.AddError("Server did not become active", text)
	}
}

func (s *server) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m serverModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if !resp.Diagnostics.HasError() && !s.books.has(m.ID.ValueString()) {
		resp.State.RemoveResource(ctx)
	}
}

// Update is never called: every argument replaces.
func (s *server) Update(_ context.Context, _ resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.Diagnostics.AddError("A server cannot be changed", "this is a defect of the test provider")
}

func (s *server) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m serverModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := s.books.strike(m.ID.ValueString(), m.Name.ValueString()); err != nil {
		resp.Diagnostics.AddError("Server could not be deleted", err.Error())
	}
}
