package reconciler

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/modules/pyformat"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// dynamic renders a label's dynamic values over the request that its node is launched for (config-reference.md 3.7).
// A value that cannot be rendered is left out; problems says why.
func dynamic(formats map[string]string, r *record.Request) (values map[string]string, problems []error) {
	if len(formats) == 0 {
		return nil, nil
	}
	values = map[string]string{}
	vars := pyformat.Object{"request": attributes(r)}
	for _, key := range slices.Sorted(maps.Keys(formats)) {
		v, err := pyformat.Render(formats[key], vars)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", key, err))
			continue
		}
		values[key] = v
	}
	return values, problems
}

// attributes are what dynamic values may show of a request.
func attributes(r *record.Request) pyformat.Object {
	if r == nil {
		r = &record.Request{}
	}
	labels := make([]any, len(r.NodeTypes))
	for i, l := range r.NodeTypes {
		labels[i] = l
	}
	out := pyformat.Object{
		"id": orNone(r.ID), "requestor": orNone(r.Requestor), "event_id": orNone(r.EventID), "tenant_name": orNone(r.TenantName),
		"labels": labels, "requestor_data": plainJSON(r.RequestorData), "relative_priority": number(r.RelativePriority), "created_time": nil,
	}
	if r.CreatedTime != nil {
		out["created_time"] = *r.CreatedTime
	}
	return out
}

func orNone(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// number is an integer where Python had read one.
func number(f float64) any {
	if n := int64(f); float64(n) == f {
		return n
	}
	return f
}

// plainJSON reads what a requestor has written; nil for nothing, or for what is no JSON.
func plainJSON(data json.RawMessage) any {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return nil
	}
	return plainNumbers(v)
}

func plainNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = plainNumbers(v[key])
		}
	}
	return v
}
