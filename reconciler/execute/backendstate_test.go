package execute

import (
	"strings"
	"testing"
)

const aState = `{"version":4,"terraform_version":"1.11.4","serial":7,"lineage":"l","outputs":{},"resources":[{"mode":"managed","type":"terraform_data","name":"n1","instances":[{"attributes":{"id":12345678901234567890}}]}],"check_results":null}`

// A state goes to a backend and comes back the same, whether or not the push counted it up.
func TestSerialThere(t *testing.T) {
	there, err := pushed([]byte(aState))
	if err != nil || !strings.Contains(string(there), `"serial": 14,`) || !strings.Contains(string(there), "12345678901234567890") || !looksWhole(there) {
		t.Fatalf("pushed as %s, %v", there, err)
	}
	sum, err := StateDigest([]byte(aState))
	if err != nil {
		t.Fatal(err)
	}
	for _, serial := range []string{"14", "15"} {
		back, err := pulled([]byte(strings.Replace(string(there), `"serial": 14`, `"serial": `+serial, 1)))
		if err != nil {
			t.Fatal(err)
		}
		view, err := ParseState(back)
		if same, _ := StateDigest(back); err != nil || view.Serial != 7 || view.Lineage != "l" || same != sum {
			t.Errorf("%s came back as %s, %v", serial, back, err)
		}
	}
	if other, _ := StateDigest([]byte(strings.Replace(aState, "67890", "67891", 1))); other == sum {
		t.Error("another state has the same digest")
	}
}

func FuzzBackendState(f *testing.F) {
	f.Add([]byte(aState))
	f.Add([]byte(emptyState))
	f.Add([]byte(`{"serial":18446744073709551615}`))
	f.Add([]byte(`{"serial":1} x`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = StateDigest(data)
		there, err := pushed(data)
		if err != nil {
			return
		}
		if _, err := pulled(there); err != nil {
			t.Errorf("%s does not come back: %v", there, err)
		}
	})
}
