package lookup

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

// refusal is an answer of Resource Manager that is no success.
type refusal struct {
	Status     int
	Code, Text string
}

func (e *refusal) Error() string {
	return strings.Trim(e.Code+": "+e.Text, ": ") + fmt.Sprintf(" (HTTP status %d)", e.Status)
}

// notThere tells whether an error says that what was asked for is not there.
func notThere(err error) bool {
	var e *refusal
	return errors.As(err, &e) && e.Status == http.StatusNotFound
}

// judged is an error of a call in one line, where azcore's has the whole answer: a *driver.Refused where only other
// credentials or rights help.
func judged(err error) error {
	var login *azidentity.AuthenticationFailedError
	if errors.As(err, &login) {
		if login.RawResponse == nil {
			return fmt.Errorf("login: %w", err)
		}
		var doc struct {
			Text string `json:"error_description"`
		}
		body, _ := runtime.Payload(login.RawResponse)
		_ = json.Unmarshal(body, &doc)
		first, _, _ := strings.Cut(doc.Text, "\n") // what follows are numbers of the request
		told := fmt.Errorf("login: %s (HTTP status %d)", strings.TrimSpace(first), login.RawResponse.StatusCode)
		if login.RawResponse.StatusCode < http.StatusInternalServerError && login.RawResponse.StatusCode != http.StatusTooManyRequests {
			return &driver.Refused{Err: told}
		}
		return told
	}
	var answer *azcore.ResponseError
	if !errors.As(err, &answer) {
		return err
	}
	told := &refusal{Status: answer.StatusCode, Code: answer.ErrorCode}
	var doc struct {
		Error struct{ Message string }
	}
	if body, err := runtime.Payload(answer.RawResponse); err == nil && json.Unmarshal(body, &doc) == nil {
		told.Text = strings.Join(strings.Fields(doc.Error.Message), " ")
	}
	if answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden {
		return &driver.Refused{Err: told}
	}
	return told
}
