package execute

import (
	"errors"
	"fmt"
	"regexp"
)

// Class says what kind of failure an error is, for whoever must act on it.
type Class string

// The classes of failure. Quota does not count as a launch attempt; Config means that no retry can help until
// somebody changes the configuration or the module.
const (
	Quota    Class = "quota"
	Capacity Class = "capacity"
	Throttle Class = "throttle"
	Auth     Class = "auth"
	Config   Class = "config"
	Timeout  Class = "timeout"
	Killed   Class = "killed"
	Unknown  Class = "unknown"
)

// Error is a failed step with its class.
type Error struct {
	Class Class
	Op    string // what was tried
	Err   error
	Hint  string // what the operator can do next, may be empty
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %v", e.Op, e.Err)
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// ClassOf returns the class carried by err, Unknown when it carries none.
func ClassOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return Unknown
}

// classes are tried in order; the first pattern that matches a diagnostic's text decides. The texts are those of the
// providers named in field-notes.md A9 and of Terraform itself; testdata/diagnostics is the list they are held to.
// Throttling comes before quota, because its texts speak of limits too, and quota has no bound of attempts.
var classes = []struct {
	class Class
	re    *regexp.Regexp
}{
	{Throttle, regexp.MustCompile(`(?i)throttl|rate.?limit|rate ?exceeded|too many requests|request.?limit|requests per (second|minute)|per minute|\b429\b`)},
	{Quota, regexp.MustCompile(`(?i)quota|limit[ _]?exceeded|exceeds? .{0,40}\blimit|too many instances|MaxSpotInstanceCount`)},
	{Capacity, regexp.MustCompile(`(?i)insufficient.{0,20}capacity|no valid host|not enough .{0,30}capacity|(out of|no|lack of|sufficient|available) capacity|ZONE_RESOURCE_POOL_EXHAUSTED|SkuNotAvailable|AllocationFailed|resource_unavailable`)},
	{Auth, regexp.MustCompile(`(?i)unauthori[sz]ed|authentication|invalid credentials|access ?denied|forbidden|\b40[13]\b|no valid credential|invalid ?(api ?)?(token|key)\b`)},
	{Config, regexp.MustCompile(`(?i)unsupported (argument|attribute|block)|missing required (argument|attribute|provider)|reference to undeclared|module not (found|installed)|unreadable module|could not (download|load) module|failed to (download|read) module|invalid value for|invalid .{0,30}(argument|reference|expression|template)\b|incorrect (attribute )?value|\bcycle: |unsuitable value|error in function call|failed to query available provider|failed to resolve provider|provider registry|no module call named|inconsistent dependency lock file|ephemeral value|unsupported \w+ core version|argument or block definition required|no such variable|invalid count argument|no declaration found|duplicate (variable|output|resource|provider)`)},
	{Timeout, regexp.MustCompile(`(?i)timeout|timed out|deadline exceeded`)},
}

// classify names the class of a diagnostic from its text.
func classify(text string) Class {
	for _, c := range classes {
		if c.re.MatchString(text) {
			return c.class
		}
	}
	return Unknown
}
