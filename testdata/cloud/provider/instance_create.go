package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// Create asks for an instance and waits until it is ACTIVE. Once it is accepted, failure leaves it in the state, tainted.
func (r *instance) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m instanceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	tags, diags := tagsOf(ctx, m.Tags)
	resp.Diagnostics.Append(diags...)
	limit, err := m.Timeouts.limit(func(t *timeouts) types.String { return t.Create })
	if err != nil {
		resp.Diagnostics.AddError("Invalid timeouts", err.Error())
	}
	if resp.Diagnostics.HasError() {
		return
	}
	wait, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	spec := api.InstanceSpec{Name: m.Name.ValueString(), Image: m.Image.ValueString(), Flavor: m.Flavor.ValueString(), Tags: tags}
	var i api.Instance
	if err := r.do(wait, http.MethodPost, api.Path(r.project, api.Instances, ""), spec, &i); err != nil {
		resp.Diagnostics.AddError("Instance could not be created", explain(ctx, err))
		return
	}
	err = r.becomeActive(wait, &i)
	resp.Diagnostics.Append(m.take(ctx, i)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	if err != nil {
		resp.Diagnostics.AddError("Instance did not become active", fmt.Sprintf("instance %s, last seen in state %s: %s", i.ID, i.State, explain(ctx, err)))
	}
}

// limit is a timeout, 10 minutes unless said otherwise.
func (t *timeouts) limit(which func(*timeouts) types.String) (time.Duration, error) {
	if t == nil {
		return 10 * time.Minute, nil
	}
	return duration(which(t), 10*time.Minute)
}

// becomeActive polls and keeps i at what was last seen.
func (r *instance) becomeActive(ctx context.Context, i *api.Instance) error {
	done := func() (bool, error) {
		switch i.State {
		case api.Active:
			return true, nil
		case api.Build:
			return false, nil
		}
		text := fmt.Sprintf("unexpected state '%s', wanted target 'ACTIVE'", i.State)
		if i.Fault != "" {
			text += ": " + i.Fault
		}
		return false, errors.New(text)
	}
	if ok, err := done(); ok || err != nil {
		return err
	}
	return poll(ctx, func() (bool, error) {
		var now api.Instance
		if err := r.do(ctx, http.MethodGet, api.Path(r.project, api.Instances, i.ID), nil, &now); err != nil {
			return false, err
		}
		*i = now
		return done()
	})
}

// explain tells a time that ran out from an interrupt.
func explain(ctx context.Context, err error) string {
	switch {
	case ctx.Err() != nil:
		return "interrupted: " + err.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout: " + err.Error()
	}
	return err.Error()
}
