package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// Read takes an instance that is gone out of the state.
func (r *instance) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m instanceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var i api.Instance
	err := r.do(ctx, http.MethodGet, api.Path(r.project, api.Instances, m.ID.ValueString()), nil, &i)
	switch {
	case api.NotFound(err):
		resp.State.RemoveResource(ctx)
	case err != nil:
		resp.Diagnostics.AddError("Instance could not be read", fmt.Sprintf("instance %s: %s", m.ID.ValueString(), explain(ctx, err)))
	default:
		resp.Diagnostics.Append(m.take(ctx, i)...)
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Update changes tags; everything else replaces.
func (r *instance) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m instanceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	tags, diags := tagsOf(ctx, m.Tags)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	var i api.Instance
	body := map[string]any{"tags": tags}
	if err := r.do(ctx, http.MethodPatch, api.Path(r.project, api.Instances, m.ID.ValueString()), body, &i); err != nil {
		resp.Diagnostics.AddError("Tags could not be changed", explain(ctx, err))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Delete waits until the instance is gone.
func (r *instance) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m instanceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	limit, err := m.Timeouts.limit(func(t *timeouts) types.String { return t.Delete })
	if err != nil {
		resp.Diagnostics.AddError("Invalid timeouts", err.Error())
	}
	if resp.Diagnostics.HasError() {
		return
	}
	wait, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := r.remove(wait, m.ID.ValueString()); err != nil {
		resp.Diagnostics.AddError("Instance could not be deleted", fmt.Sprintf("instance %s: %s", m.ID.ValueString(), explain(ctx, err)))
	}
}

func (r *instance) remove(ctx context.Context, id string) error {
	at := api.Path(r.project, api.Instances, id)
	still := &api.Instance{} // stays empty when it is gone at once
	err := r.do(ctx, http.MethodDelete, at, nil, still)
	if api.NotFound(err) {
		return nil
	}
	if err != nil || still.ID == "" {
		return err
	}
	return poll(ctx, func() (bool, error) {
		err := r.do(ctx, http.MethodGet, at, nil, nil)
		if api.NotFound(err) {
			return true, nil
		}
		return false, err
	})
}
