package execute

import (
	"errors"
	"testing"
)

func TestUnreachable(t *testing.T) {
	for text, want := range map[string]bool{
		`apply workspace x: Error creating server: Post "https://api.example.org/v2": dial tcp 192.0.2.1:443: connect: connection refused`: true,
		`Get "https://api.example.org": dial tcp: lookup api.example.org on 127.0.0.53:53: no such host`:                                   true,
		`Put "https://10.0.0.1": net/http: TLS handshake timeout`:                                                                          true,
		`Quota exceeded for instances`: false,
		`the run ended without an error, but the node's result is missing from the state`: false,
	} {
		if got := Unreachable(errors.New(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	if Unreachable(nil) {
		t.Error("no error says that nobody answered")
	}
}
