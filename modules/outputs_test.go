package modules

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

const testKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7sQv1c4wT4gGYcRb1ycyFXPzQkqHH1vVqIFXzBLqsV"

// object decodes {"a": ...} to the object of outputs a state would hold.
func object(t *testing.T, src string) cty.Value {
	t.Helper()
	ty, err := ctyjson.ImpliedType([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	typ, err := ctyjson.MarshalType(ty)
	if err != nil {
		t.Fatal(err)
	}
	v, err := DecodeOutput([]byte(src), typ)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func exprs(t *testing.T, src map[string]string) map[string]Expr {
	t.Helper()
	m := map[string]Expr{}
	for name, s := range src {
		e, err := ParseExpr(s, "f.yaml:1:1")
		if err != nil {
			t.Fatal(err)
		}
		m[name] = e
	}
	return m
}

func TestEvalOutputs(t *testing.T) {
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	addresses := `{"public_ipv4": "203.0.113.1", "public_ipv6": "2001:db8::1", "private_ipv4": "10.0.0.1"}`
	tests := map[string]struct {
		outputs  string
		exprs    map[string]string
		internal bool
		want     Fields
	}{
		"nothing": {outputs: `{}`},
		"public first": {outputs: addresses, want: Fields{
			InterfaceIP: "203.0.113.1", PublicIPv4: "203.0.113.1", PublicIPv6: "2001:db8::1", PrivateIPv4: "10.0.0.1"}},
		"private first": {outputs: addresses, internal: true, want: Fields{
			InterfaceIP: "10.0.0.1", PublicIPv4: "203.0.113.1", PublicIPv6: "2001:db8::1", PrivateIPv4: "10.0.0.1"}},
		"no private": {outputs: `{"public_ipv4": null, "public_ipv6": "[2001:db8::1]", "private_ipv4": ""}`, internal: true,
			want: Fields{InterfaceIP: "2001:db8::1", PublicIPv6: "2001:db8::1"}},
		"interface_ip wins": {outputs: `{"interface_ip": "host.example.org", "public_ipv4": "203.0.113.1"}`,
			want: Fields{InterfaceIP: "host.example.org", PublicIPv4: "203.0.113.1"}},
		"expression over output of the same name": {outputs: `{"interface_ip": "a", "ip": "b"}`,
			exprs: map[string]string{"interface_ip": "output.ip"}, want: Fields{InterfaceIP: "b"}},
		"null ignores an output": {outputs: `{"resources": "mine", "az": "a"}`,
			exprs: map[string]string{"resources": "null"}, want: Fields{AZ: "a"}},
		"node in an expression": {outputs: `{}`, exprs: map[string]string{"interface_ip": `"${node.hostname}.example.org"`},
			want: Fields{InterfaceIP: "np0000000042.example.org"}},
		"try": {outputs: `{"b": "x"}`, exprs: map[string]string{"hostname": "try(output.a, output.b)"}, want: Fields{Hostname: "x"}},
		"texts": {outputs: `{"hostname": "h", "az": "z", "region": "r", "cloud": "c", "host_id": "i", "connection_type": "winrm", "username": "u"}`,
			want: Fields{Hostname: "h", AZ: "z", Region: "r", Cloud: "c", HostID: "i", ConnectionType: "winrm", Username: "u"}},
		"id text":     {outputs: `{"external_id": "i-1<&>"}`, want: Fields{ExternalID: raw(`"i-1<&>"`)}},
		"id number":   {outputs: `{"external_id": 12345678901, "host_id": 7}`, want: Fields{ExternalID: raw(`"12345678901"`), HostID: "7"}},
		"id object":   {outputs: `{"external_id": {"instance": "i-1", "host": null}}`, want: Fields{ExternalID: raw(`{"host":null,"instance":"i-1"}`)}},
		"port":        {outputs: `{"connection_port": 2222}`, want: Fields{ConnectionPort: raw(`2222`)}},
		"port text":   {outputs: `{"connection_port": "5986"}`, want: Fields{ConnectionPort: raw(`5986`)}},
		"port object": {outputs: `{"connection_port": {"host": "h", "skiptls": true, "n": 1.5, "l": [1]}}`, want: Fields{ConnectionPort: raw(`{"host":"h","l":[1],"n":1.5,"skiptls":true}`)}},
		"no port":     {outputs: `{"connection_port": ""}`},
		"host keys": {outputs: `{"host_keys": ["` + testKey + ` root@x\n", null]}`,
			want: Fields{HostKeys: []string{testKey}, HostKeysSet: true}},
		"no host keys": {outputs: `{"host_keys": []}`, want: Fields{HostKeys: []string{}, HostKeysSet: true}},
		"unset keys":   {outputs: `{"host_keys": null}`},
		"resources":    {outputs: `{"resources": {"cores": 2, "ram": 4096, "x": null, "gpu": 0.5}}`, want: Fields{Resources: map[string]float64{"cores": 2, "ram": 4096, "gpu": 0.5}}},
		"properties":   {outputs: `{"node_properties": {"spot": true}}`, want: Fields{Properties: raw(`{"spot":true}`)}},
		"attributes":   {outputs: `{"attributes": {"zone": "eu", "n": [1, null]}}`, want: Fields{Attributes: raw(`{"n":[1,null],"zone":"eu"}`)}},
		"conversion":   {outputs: `{"ips": ["10.0.0.1"], "n": 3}`, exprs: map[string]string{"private_ipv4": "output.ips[0]", "az": `"az-${output.n}"`}, want: Fields{InterfaceIP: "10.0.0.1", PrivateIPv4: "10.0.0.1", AZ: "az-3"}},
		"odd name":     {outputs: `{"a b": "x"}`, exprs: map[string]string{"az": `output["a b"]`}, want: Fields{AZ: "x"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			spec := &Spec{Outputs: exprs(t, tt.exprs)}
			got, err := spec.EvalOutputs(testNode, object(t, tt.outputs), tt.internal)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEvalOutputsErrors(t *testing.T) {
	tests := map[string]struct {
		outputs string
		exprs   map[string]string
		want    []string
	}{
		"missing": {`{"ipv4": "x", "id": "y"}`, map[string]string{"interface_ip": "output.ip4"},
			[]string{`node field interface_ip: f.yaml:1:1: expression "output.ip4": the module has no output ip4; it has: id, ipv4`}},
		"none": {`{}`, map[string]string{"az": "lower(output.z)"}, []string{"has no output z; it has: none at all"}},
		"type": {`{"n": 1}`, map[string]string{"hostname": "output.n"},
			[]string{`node field hostname`, `expression "output.n": gives number; need text`}},
		"type by name": {`{"resources": "x"}`, nil, []string{"node field resources: output resources of the module: gives string; need a map of numbers", "null ignores it"}},
		"two at once":  {`{"az": 1, "region": []}`, nil, []string{"node field az", "node field region"}},
		"unknown field": {`{}`, map[string]string{"interfaceip": `"x"`},
			[]string{`no output may set a node field "interfaceip"`, "did you mean interface_ip?", "public_ipv4"}},
		"address with length": {`{"private_ipv4": "10.0.0.1/24"}`, nil, []string{"no IPv4 address (without prefix length)"}},
		"wrong family":        {`{"public_ipv4": "2001:db8::1"}`, nil, []string{"no IPv4 address"}},
		"scheme":              {`{"interface_ip": "ssh://x"}`, nil, []string{"need an address or a host name"}},
		"address list":        {`{"interface_ip": ["10.0.0.1"]}`, nil, []string{"gives tuple; need text"}},
		"port range":          {`{"connection_port": 65536}`, nil, []string{"from 1 to 65535"}},
		"port zero":           {`{"connection_port": 0}`, nil, []string{"from 1 to 65535"}},
		"port fraction":       {`{"connection_port": 22.5}`, nil, []string{"from 1 to 65535"}},
		"port text":           {`{"connection_port": "ssh"}`, nil, []string{"from 1 to 65535"}},
		"port bool":           {`{"connection_port": true}`, nil, []string{"gives bool; need a port number or an object"}},
		"id list":             {`{"external_id": []}`, nil, []string{"need text, a number or an object"}},
		"host key text":       {`{"host_keys": "x"}`, nil, []string{"gives string; need a list"}},
		"host key form":       {`{"host_keys": ["nope"]}`, nil, []string{`need "<type> <base64>"`}},
		"host key type":       {`{"host_keys": ["ssh-rsa ` + strings.Fields(testKey)[1] + `"]}`, nil, []string{`need "<type> <base64>"`}},
		"host key lines":      {`{"host_keys": ["` + testKey + `\nssh-rsa x"]}`, nil, []string{`need "<type> <base64>"`}},
		"host key number":     {`{"host_keys": [1]}`, nil, []string{"a list with number in it"}},
		"resource text":       {`{"resources": {"cores": "2"}}`, nil, []string{`gives string for "cores"; need a number`}},
		"resource negative":   {`{"resources": {"cores": -1}}`, nil, []string{`out of range for "cores"`}},
		"attributes":          {`{"attributes": [1]}`, nil, []string{"need a map"}},
		"properties":          {`{"node_properties": "spot"}`, nil, []string{"need a map"}},
		"huge number":         {`{"n": 1e1000}`, map[string]string{"az": "output.n * output.n"}, []string{"out of range"}},
		"secret stays secret": {`{"token": "s3cr3t-t0ken\n\"x"}`, map[string]string{"az": "tonumber(output.token)"}, []string{"Invalid function argument"}},
		"expression fails":    {`{"l": []}`, map[string]string{"az": "output.l[0]"}, []string{`node field az: f.yaml:1:1: expression "output.l[0]": Invalid index`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, err := (&Spec{Outputs: exprs(t, nil)}).EvalOutputs(testNode, cty.EmptyObjectVal, false)
			if err != nil || !cmp.Equal(f, Fields{}) {
				t.Fatal(f, err)
			}
			spec := &Spec{Outputs: exprs(t, tt.exprs)}
			_, err = spec.EvalOutputs(testNode, object(t, tt.outputs), false)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %s", err, want)
				}
			}
			if strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("the error tells a value: %v", err)
			}
		})
	}
}

func TestEvalOutputsRefusesWhatIsNoObject(t *testing.T) {
	for _, v := range []cty.Value{cty.NilVal, cty.DynamicVal, cty.NullVal(cty.EmptyObject), cty.StringVal("x"), cty.ListValEmpty(cty.String)} {
		if _, err := (&Spec{}).EvalOutputs(testNode, v, false); err == nil {
			t.Errorf("no error for %#v", v)
		}
	}
}

func TestParseExprErrors(t *testing.T) {
	for src, wants := range map[string][]string{
		"output.":         {`f.yaml:1:1: expression "output."`, "an output is written output.name"},
		"${output.ip}":    {"write the expression alone: output.name, without ${ }"},
		"ipv4":            {"there is no variable ipv4", "allowed: node, output"},
		"module.x.ip":     {"there is no variable module"},
		"node.nope":       {"node has no nope"},
		"file(output.x)":  {"there is no function file"},
		"":                {"expression"},
		"upper(1, 2)":     {"Too many function arguments"},
		"outputs.ip":      {"did you mean output?"},
		"output.a\xff":    {"not valid UTF-8"},
		"output.a\n= 1":   {"expression"},
		"[for x in y: x]": {"there is no variable y"},
	} {
		_, err := ParseExpr(src, "f.yaml:1:1")
		if err == nil {
			t.Errorf("%q: no error", src)
			continue
		}
		for _, want := range wants {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q: got %v, want %s", src, err, want)
			}
		}
	}
	e, err := ParseExpr("output.ip", "pos")
	if err != nil || e.String() != "output.ip" {
		t.Error(e, err)
	}
}

// Outputs come from Terraform and modules anybody wrote: an error, never a panic.
func FuzzEvalOutputs(f *testing.F) {
	f.Add([]byte(`{"external_id": 1e400, "attributes": {"a": [null]}, "host_keys": ["`+testKey+`"]}`), "output.external_id")
	f.Add([]byte(`{"connection_port": {"a": 1e999999999}}`), "output")
	f.Add([]byte(`{"resources": {"a": -0}}`), "[for k, v in output : v]")
	f.Fuzz(func(t *testing.T, value []byte, src string) {
		if strings.Contains(src, "format") || strings.Contains(src, "indent") {
			return
		}
		ty, err := ctyjson.ImpliedType(value)
		if err != nil {
			return
		}
		typ, _ := ctyjson.MarshalType(ty)
		outputs, err := DecodeOutput(value, typ)
		if err != nil {
			return
		}
		spec := &Spec{Outputs: map[string]Expr{}}
		if e, err := ParseExpr(src, "pos"); err == nil {
			spec.Outputs["attributes"] = e
			spec.Outputs["interface_ip"] = e
		}
		got, err := spec.EvalOutputs(testNode, outputs, false)
		if err != nil {
			return
		}
		for _, raw := range []json.RawMessage{got.ExternalID, got.ConnectionPort, got.Attributes} {
			if raw != nil && !json.Valid(raw) {
				t.Errorf("not JSON: %s", raw)
			}
		}
	})
}
