package modules

import (
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"
)

func TestDecodeOutput(t *testing.T) {
	got, err := DecodeOutput(
		[]byte(`{"l":["a"],"n":null,"num":0.1,"o":{"a":1,"for":[1,"x"]},"s":"sec"}`),
		[]byte(`["object",{"l":["list","string"],"n":"dynamic","num":"number","o":["object",{"a":"number","for":["tuple",["number","string"]]}],"s":"string"}]`))
	want := cty.ObjectVal(map[string]cty.Value{
		"l": cty.ListVal([]cty.Value{cty.StringVal("a")}), "n": cty.NullVal(cty.DynamicPseudoType), "num": cty.MustParseNumberVal("0.1"),
		"o": cty.ObjectVal(map[string]cty.Value{"a": cty.NumberIntVal(1), "for": cty.TupleVal([]cty.Value{cty.NumberIntVal(1), cty.StringVal("x")})}),
		"s": cty.StringVal("sec"),
	})
	if err != nil || !got.RawEquals(want) {
		t.Errorf("got %#v %v", got, err)
	}
}

func TestDecodeOutputErrors(t *testing.T) {
	for name, tt := range map[string][3]string{
		"absent":     {``, ``, "type"},
		"torn type":  {`{}`, `["object",{`, "type"},
		"torn value": {`{"a":`, `["object",{"a":"string"}]`, "does not match"},
		"wrong type": {`{"a":["s3cr3t"]}`, `["object",{"a":"number"}]`, "output a"},
		"huge":       {`{"a":1e99999999}`, `["object",{"a":"number"}]`, "out of range"},
		"no type":    {`{}`, `[]`, "decode module outputs"},
	} {
		_, err := DecodeOutput([]byte(tt[0]), []byte(tt[1]))
		if err == nil || !strings.Contains(err.Error(), tt[2]) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: got %v, want %s", name, err, tt[2])
		}
	}
}

func FuzzDecodeOutput(f *testing.F) {
	f.Add([]byte(`{"a":1}`), []byte(`["object",{"a":"number"}]`))
	f.Add([]byte(`[1,"x"]`), []byte(`["tuple",["number","string"]]`))
	f.Add([]byte(`{"value":{},"type":["map","bool"]}`), []byte(`"dynamic"`))
	f.Add([]byte(`null`), []byte(`["set",["object",{"a":"string"},["a"]]]`))
	f.Fuzz(func(t *testing.T, value, typ []byte) {
		v, err := DecodeOutput(value, typ)
		if err == nil && !v.IsWhollyKnown() {
			t.Errorf("unknown: %#v", v)
		}
	})
}
