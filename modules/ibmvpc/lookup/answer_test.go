package lookup

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

// FuzzAnswer: whatever a server answers is an error that says something, or a mark of a page that can be asked for.
func FuzzAnswer(f *testing.F) {
	for _, text := range []string{
		`{"errors": [{"code": "not_found", "message": "no"}]}`, `{"errorCode": "BXNIM0415E", "errorMessage": "no key"}`, `{"errors": []}`, `<html>`, ``,
		`{"href": "https://x.test/v1/vpcs?start=a%20b&limit=2"}`, `{"href": "%zz"}`, `null`, `{"href": 1}`,
	} {
		f.Add(403, []byte(text))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		err := refused(status, body)
		if err == nil || err.Error() == "" {
			t.Error("an answer that is not 200 is no error")
		}
		var auth *driver.Refused
		if errors.As(err, &auth) != (status == 401 || status == 403) {
			t.Errorf("%d: %v", status, err)
		}
		_ = next(json.RawMessage(body))
	})
}

func TestAnswer(t *testing.T) {
	for body, want := range map[string]string{
		`{"errors": [{"code": "over_quota", "message": "Too many."}]}`: "over_quota: Too many. (HTTP status 400)",
		`{"errorCode": "B", "errorMessage": "m"}`:                      "B: m (HTTP status 400)",
		`<html>secret</html>`:                                          "HTTP status 400",
	} {
		if err := refused(400, []byte(body)); err.Error() != want || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", body, err)
		}
	}
	for link, want := range map[string]string{`{"href": "https://x.test/v1/vpcs?start=a%20b&limit=2"}`: "a b", ``: "", `{"href": "%zz"}`: ""} {
		if got := next(json.RawMessage(link)); got != want {
			t.Errorf("%s: %q", link, got)
		}
	}
}
