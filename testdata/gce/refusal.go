package gce

import (
	"net/http"
	"time"
)

// Refusal is why an instance is not to be had. The words are Google's.
type Refusal string

// The refusals that Refuse knows. What exceeds the quotas of Settings is refused without being told to.
const (
	NoCapacity Refusal = "ZONE_RESOURCE_POOL_EXHAUSTED" // once the operation is under way
	NoQuota    Refusal = "QUOTA_EXCEEDED"               // as well
	TooFast    Refusal = "rateLimitExceeded"            // at once
)

// Refuse refuses the next instances so many times.
func (c *Cloud) Refuse(why Refusal, times int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range times {
		c.refusals = append(c.refusals, why)
	}
}

// Slow changes how long operations take that are begun from now on.
func (c *Cloud) Slow(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Delay = d
}

// next takes the next refusal off the list, "" where there is none.
func (c *Cloud) next() Refusal {
	if len(c.refusals) == 0 {
		return ""
	}
	why := c.refusals[0]
	c.refusals = c.refusals[1:]
	return why
}

var tooFast = &refused{http.StatusForbidden, "rateLimitExceeded", "Rate Limit Exceeded"}

// failed is the error of an operation.
func (c *Cloud) failed(why Refusal, zone string) map[string]any {
	e := map[string]any{"code": string(why)}
	switch why {
	case NoCapacity:
		e["message"] = "The zone 'projects/" + c.Project + "/zones/" + zone + "' does not have enough resources available to fulfill the request.  Try a different zone, or try again later."
	case NoQuota:
		e["message"] = "Quota 'INSTANCES' exceeded.  Limit: 24.0 in region " + Region + "."
		e["errorDetails"] = []any{map[string]any{"quotaInfo": map[string]any{"metricName": "compute.googleapis.com/instances", "limitName": "INSTANCES-per-project-region", "limit": 24}}}
	}
	return map[string]any{"errors": []any{e}}
}
