package main

import "context"

// breakCloud has the cloud misbehave.
func breakCloud(ctx context.Context, w *world, e Event) (func(context.Context) error, string, error) {
	if err := w.cloud.Faults(ctx, project, *e.Fault); err != nil {
		return nil, "", err
	}
	return func(ctx context.Context) error { return w.cloud.Faults(ctx, project) }, "", nil
}
