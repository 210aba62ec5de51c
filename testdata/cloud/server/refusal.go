package main

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

const unauthorized = "The request you have made requires authentication."

// refusals are what the faults that refuse a request answer, in the words of the clouds that people use.
var refusals = map[api.FaultKind]api.StatusError{
	api.Error:    {Status: 500, Code: "InternalServerError", Message: "The server has either erred or is incapable of performing the requested operation."},
	api.NoQuota:  {Status: 403, Code: "QuotaExceeded", Message: "Quota exceeded for cores, instances: Requested 4, 1, but already used 40, 10 of 40, 10 cores, instances"},
	api.Capacity: {Status: 503, Code: "InsufficientInstanceCapacity", Message: "We currently do not have sufficient capacity in the zone you requested."},
	api.Throttle: {Status: 429, Code: "RequestLimitExceeded", Message: "Too many requests: rate limit exceeded."},
	api.Auth:     {Status: 401, Code: "Unauthorized", Message: unauthorized},
}

// refusal is the error that a fault ends a request with, nil when the request is accepted.
func refusal(f *api.Fault) error {
	if f == nil {
		return nil
	}
	p, ok := refusals[f.Kind]
	if !ok {
		return nil
	}
	if f.Text != "" {
		p.Message = f.Text
	}
	if f.Kind == api.Throttle {
		p.RetryAfter = max(f.RetryAfter, time.Second)
	}
	return &p
}
