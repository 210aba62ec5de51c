package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// account is the configured provider: a project of a cloud.
type account struct {
	client  *api.Client
	project string
	retries int
}

// do sends a request, and again where that is safe: when it was throttled, and when it changes nothing or nothing more
// than the first time and it failed. A creation that failed or was not answered may have taken place.
func (a *account) do(ctx context.Context, method, path string, in, out any) error {
	for try := 0; ; try++ {
		err := a.client.Do(ctx, method, path, in, out)
		if err == nil || try >= a.retries || !again(method, err) {
			return err
		}
		wait := pause(try, 2*time.Second)
		var p *api.StatusError
		if errors.As(err, &p) {
			wait = max(wait, p.RetryAfter)
		}
		if sleep(ctx, wait) != nil {
			return fmt.Errorf("%w (while it was to be repeated: %w)", err, ctx.Err())
		}
	}
}

func again(method string, err error) bool {
	var p *api.StatusError
	switch {
	case errors.Is(err, context.Canceled):
		return false
	case !errors.As(err, &p):
		return method != http.MethodPost
	case p.Status == http.StatusTooManyRequests:
		return true
	}
	return method != http.MethodPost && p.Status >= 500
}

// pause grows from 50 ms by half at each step.
func pause(step int, most time.Duration) time.Duration {
	d := 50 * time.Millisecond
	for ; step > 0 && d < most; step-- {
		d += d / 2
	}
	return min(d, most)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// poll asks, less and less often, until done says so.
func poll(ctx context.Context, done func() (bool, error)) error {
	for step := 0; ; step++ {
		if err := sleep(ctx, pause(step, 2*time.Second)); err != nil {
			return err
		}
		if ok, err := done(); ok || err != nil {
			return err
		}
	}
}
