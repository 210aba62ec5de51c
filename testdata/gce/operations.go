package gce

import (
	"fmt"
	"net/http"
	"time"
)

// operation is an insert or a delete under way, or done.
type operation struct {
	name, kind, zone, target string
	done                     time.Time // when it is
	err                      map[string]any
	settled                  bool
}

// begin notes an operation. Its end is noticed by settle.
func (c *Cloud) begin(kind, zone, target string, err map[string]any) any {
	c.serial++
	op := &operation{name: fmt.Sprintf("operation-%d", c.serial), kind: kind, zone: zone, target: target, done: time.Now().Add(c.Delay), err: err}
	c.operations[op.name] = op
	return c.operation(op)
}

// settle carries out what is due.
func (c *Cloud) settle() {
	for _, op := range c.operations {
		if op.settled || time.Now().Before(op.done) {
			continue
		}
		op.settled = true
		i := c.instances[op.target]
		switch {
		case i == nil:
		case op.kind == "delete" || op.err != nil:
			delete(c.instances, op.target)
		default:
			i.Status = running
		}
	}
}

func (c *Cloud) operation(op *operation) any {
	out := map[string]any{
		"kind": "compute#operation", "id": op.name[len("operation-"):], "name": op.name, "operationType": op.kind, "status": "RUNNING", "progress": 0,
		"zone": c.link("zones/%s", op.zone), "selfLink": c.link("zones/%s/operations/%s", op.zone, op.name),
		"targetLink": c.link("zones/%s/instances/%s", op.zone, op.target),
	}
	if op.settled {
		out["status"], out["progress"] = "DONE", 100
		if op.err != nil {
			out["error"], out["httpErrorStatusCode"], out["httpErrorMessage"] = op.err, http.StatusServiceUnavailable, "SERVICE UNAVAILABLE"
		}
	}
	return out
}

func (c *Cloud) getOperation(r *http.Request) (any, *refused) {
	op := c.operations[r.PathValue("name")]
	if op == nil || op.zone != r.PathValue("zone") {
		return nil, notFound(r)
	}
	return c.operation(op), nil
}
