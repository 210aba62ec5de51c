package record

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func seed(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, s := range []string{"", "null", "{}", `{"state":NaN}`, `{"state":"ready","slot":1e400}`, `{"state":"ready","x":"\ud800"}`, "{\"state\":\"ready\",\"\xff\":\"\xff\"}"} {
		f.Add([]byte(s))
	}
}

func FuzzParseRequest(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := ParseRequest("200-1", data)
		if err != nil {
			return
		}
		second, err := ParseRequest("200-1", first.Encode())
		if err != nil {
			t.Fatalf("%v in %s", err, first.Encode())
		}
		if diff := cmp.Diff(first, second, whole); diff != "" {
			t.Error(diff)
		}
		checkUnknown(t, data, first.Encode(), requestKeys)
	})
}

func FuzzParseNode(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := ParseNode("1", data)
		if err != nil {
			return
		}
		first.Port()
		second, err := ParseNode("1", first.Encode())
		if err != nil {
			t.Fatalf("%v in %s", err, first.Encode())
		}
		if diff := cmp.Diff(first, second, whole); diff != "" {
			t.Error(diff)
		}
		checkUnknown(t, data, first.Encode(), nodeKeys)
	})
}

func FuzzParsePool(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := ParsePool(data)
		if err != nil {
			return
		}
		first.Kind = "pool" // what Encode writes
		second, err := ParsePool(first.Encode())
		if err != nil {
			t.Fatalf("%v in %s", err, first.Encode())
		}
		if diff := cmp.Diff(first, second, exported); diff != "" {
			t.Error(diff)
		}
	})
}

// checkUnknown is unknownSurvive for input that encoding/json reads as it is;
// NaN and Infinity are read as null on purpose.
func checkUnknown(t *testing.T, before, after []byte, known []string) {
	if json.Valid(bytes.TrimSpace(before)) {
		unknownSurvive(t, before, after, known)
	}
}
