package record

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

var whole = cmp.Options{cmp.AllowUnexported(Request{}, Node{}), cmpopts.EquateEmpty(), cmpopts.EquateNaNs()}

// value draws any JSON value.
func value(depth int) *rapid.Generator[any] {
	leaves := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.String().AsAny(), rapid.Int32().AsAny(), rapid.Float32().AsAny(),
	}
	if depth > 0 {
		leaves = append(leaves,
			rapid.SliceOfN(rapid.Deferred(func() *rapid.Generator[any] { return value(depth - 1) }), 0, 3).AsAny(),
			rapid.MapOfN(rapid.String(), rapid.Deferred(func() *rapid.Generator[any] { return value(depth - 1) }), 0, 3).AsAny())
	}
	return rapid.OneOf(leaves...)
}

// object draws an object with known keys of any type and unknown ones.
func object(t *rapid.T, known []string, state string) []byte {
	m := rapid.MapOf(rapid.OneOf(rapid.SampledFrom(known), rapid.StringN(1, 8, -1)), value(2)).Draw(t, "record")
	m["state"] = state
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestNodeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := object(t, nodeKeys, "ready")
		first, err := ParseNode("1", data)
		if err != nil {
			t.Fatal(err)
		}
		second, err := ParseNode("1", first.Encode())
		if err != nil {
			t.Fatalf("%v in %s", err, first.Encode())
		}
		if diff := cmp.Diff(first, second, whole); diff != "" {
			t.Errorf("%s became %s:\n%s", data, first.Encode(), diff)
		}
		if diff := cmp.Diff(first, first.Clone(), whole); diff != "" {
			t.Error(diff)
		}
		unknownSurvive(t, data, first.Encode(), nodeKeys)
	})
}

func TestRequestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := object(t, requestKeys, "pending")
		first, err := ParseRequest("200-1", data)
		if err != nil {
			t.Fatal(err)
		}
		second, err := ParseRequest("200-1", first.Encode())
		if err != nil {
			t.Fatalf("%v in %s", err, first.Encode())
		}
		if diff := cmp.Diff(first, second, whole); diff != "" {
			t.Errorf("%s became %s:\n%s", data, first.Encode(), diff)
		}
		if diff := cmp.Diff(first, first.Clone(), whole); diff != "" {
			t.Error(diff)
		}
		unknownSurvive(t, data, first.Encode(), requestKeys)
	})
}

// What one process sets and another one does not know both survive: read,
// change known keys, write the union.
func TestChangesOfTwoWritersMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := object(t, nodeKeys, "in-use")
		before, err := ParseNode("1", data)
		if err != nil {
			t.Fatal(err)
		}
		changed := before.Clone()
		changed.SetState(NodeUsed, time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "now"), 0))
		changed.Comment = rapid.StringN(1, 10, -1).Draw(t, "comment")
		after, err := ParseNode("1", changed.Encode())
		if err != nil {
			t.Fatal(err)
		}
		same := before.Clone()
		same.State, same.StateTime, same.Comment = after.State, after.StateTime, after.Comment
		ignore := cmpopts.IgnoreFields(Node{}, "Problems", "bad") // state_time and comment may have been mended
		if diff := cmp.Diff(same, after, whole, ignore); diff != "" {
			t.Error(diff)
		}
		unknownSurvive(t, data, changed.Encode(), nodeKeys)
	})
}

// A clone shares nothing that could be written to.
func TestCloneIsDeep(t *testing.T) {
	data := []byte(`{"state":"ready","type":["a"],"connection_port":22,"created_time":1,"external_id":"x","user_data":{"a":1},
		"hold_expiration":1,"host_keys":["k"],"resources":{"cores":1},"slot":1,"attributes":{"a":1},"driver_data":{"a":1},"node_properties":{"a":1},"az":1,"np_tf_a":"x"}`)
	n, err := ParseNode("1", data)
	if err != nil {
		t.Fatal(err)
	}
	want := string(n.Encode())
	scribble(reflect.ValueOf(n.Clone()).Elem())
	if got := string(n.Encode()); got != want {
		t.Errorf("the original changed:\n%s\n%s", want, got)
	}
	r, err := ParseRequest("1-1", []byte(`{"state":"requested","node_types":["a"],"nodes":["1"],"declined_by":["p"],"requestor_data":{"a":1},"created_time":1}`))
	if err != nil {
		t.Fatal(err)
	}
	want = string(r.Encode())
	scribble(reflect.ValueOf(r.Clone()).Elem())
	if got := string(r.Encode()); got != want {
		t.Errorf("the original changed:\n%s\n%s", want, got)
	}
}

// scribble overwrites what the exported fields of a struct point to.
func scribble(v reflect.Value) {
	for i := range v.NumField() {
		f := v.Field(i)
		if !f.CanSet() {
			continue
		}
		switch f.Kind() {
		case reflect.Slice:
			for j := range f.Len() {
				f.Index(j).SetZero()
			}
		case reflect.Map:
			f.Clear()
		case reflect.Pointer:
			f.Elem().SetZero()
		}
	}
}

// fataler is what rapid's T and testing's T have in common here.
type fataler interface {
	Helper()
	Errorf(string, ...any)
	Fatalf(string, ...any)
}

// unknownSurvive compares the bytes of every key outside of known.
func unknownSurvive(t fataler, before, after []byte, known []string) {
	t.Helper()
	var b, a map[string]json.RawMessage
	if err := json.Unmarshal(before, &b); err != nil {
		t.Fatalf("%v", err)
	}
	if err := json.Unmarshal(after, &a); err != nil {
		t.Fatalf("%v", err)
	}
	for _, key := range known {
		delete(b, key)
	}
	for key, v := range b {
		if !bytes.Equal(v, a[key]) {
			t.Errorf("unknown key %q: %s became %s", key, v, a[key])
		}
	}
}
