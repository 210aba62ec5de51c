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
// providers named in field-notes.md A9 and of Terraform itself.
var classes = []struct {
	class Class
	re    *regexp.Regexp
}{
	{Quota, regexp.MustCompile(`(?i)quota|limit ?exceeded|LimitExceeded|exceeds? .{0,40}limit|too many instances`)},
	{Capacity, regexp.MustCompile(`(?i)insufficient.{0,20}capacity|no valid host|out of capacity|ZONE_RESOURCE_POOL_EXHAUSTED|SkuNotAvailable|AllocationFailed|capacity`)},
	{Throttle, regexp.MustCompile(`(?i)throttl|rate ?exceeded|too many requests|RequestLimit|\b429\b`)},
	{Auth, regexp.MustCompile(`(?i)unauthori[sz]ed|authentication|invalid credentials|access ?denied|forbidden|\b40[13]\b|no valid credential`)},
	{Config, regexp.MustCompile(`(?i)unsupported argument|missing required argument|unsupported attribute|unsupported block|reference to undeclared|module not (found|installed)|unreadable module|invalid value for (module argument|variable|input variable)|invalid (single-)?argument|invalid reference|failed to query available provider|provider registry|no module call named|inconsistent dependency lock file|invalid expression`)},
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
