package execute

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
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

// Explained is err with what the cloud says itself, which names the class where Terraform's text does not.
func Explained(err error, fault string) error {
	out := Error{Class: ClassOf(err), Op: "launch"}
	var e *Error
	if errors.As(err, &e) {
		out = *e
		err = e.Err
	}
	if out.Class == Unknown {
		out.Class = classify(fault)
	}
	out.Err = fmt.Errorf("%w; the cloud says: %s", err, oneLine(fault))
	return &out
}

// oneLine is text as the log and pages show it, of bounded length.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > 500 {
		return string(r[:500]) + "…"
	}
	return text
}

// classes are tried in order; the first pattern that matches a diagnostic's text decides. The texts are those of the
// providers named in field-notes.md A9 and of Terraform itself; testdata/diagnostics is the list they are held to.
// Throttling comes before quota, because its texts speak of limits too, and quota has no bound of attempts. Clouds say
// "403" for many things, so auth comes after what is more particular, and numbers alone are no sign of it: it stops a
// label.
var classes = []struct {
	class Class
	re    *regexp.Regexp
}{
	{Throttle, anyOf(`throttl`, `rate.?limit`, `rate ?exceeded`, `too many requests`, `request.?limit`, `requests per (second|minute)`, `per minute`, `\b429\b`)},
	{Quota, anyOf(`quota`, `limit[ _]?exceeded`, `exceeds? .{0,40}\blimit`, `too many instances`, `CountLimitReached`, `MaxSpotInstanceCount`, `maximum number of .{0,40}exceeded`)},
	{Capacity, anyOf(`insufficient.{0,20}capacity`, `not enough .{0,30}capacity`, `(out of|no) (\w+ )?capacity`, `(lack of|sufficient|available) capacity`, `capacity restrictions`, `un(fulfillable|able to fulfill) ?capacity`,
		`out of stock`, `\bno ?stock\b`, `sold ?out`, `not ?on ?sale`, `out of usage`, // scaleway, alicloud, huaweicloud, opentelekomcloud, tencentcloud
		`no valid host`, `exhausted all hosts`, // openstack
		`InsufficientFreeAddresses`, `SpotMaxPriceTooLow`, `not supported in your requested availability zone`, // aws
		`ZONE_RESOURCE_POOL_EXHAUSTED`, `does not have enough resources`, `stockout`, `is currently unavailable in the \S+ zone`, `IP_SPACE_EXHAUSTED`, `IP space of .{0,200} exhausted`, // google
		`SkuNotAvailable`, `allocation ?failed`, `Overconstrained(Zonal)?Allocation`, `SubnetIsFull`, // azurerm
		`cannot_start_(capacity|ip_address|placement_group|reservation_capacity)`, // ibm
		`resource_unavailable`, `placement_error`, `unsupported location for server type`, // hcloud
		`insufficient (resources to|disk space)`, `resources .{0,40}are insufficient`, // vsphere
	)},
	{Unknown, anyOf(`error looking up service account`, `because it is being terminated`)}, // kubernetes says "forbidden" of a namespace that is too young or too old
	{Timeout, anyOf(`timeout - last error`, `SSH authentication failed`)},                  // of a provisioner, which logs into the node
	{Auth, anyOf(`unauthori[sz]ed`, `requires auth\b`, `invalid auth\b`, `authentication`, `authorization ?failed`, `invalid credentials`, `access ?denied`, `forbidden`, `no valid credential`, `invalid ?(api ?)?(token|key)\b`,
		`(http|error|status|code|got|response)\W{0,5}40[13]\b`, `\b40[13] (permission|no ticket)`,
		`BXNIM\d+E`, `provided api key could not be found`, `\bnot[ _]authori[sz]ed`, // ibm
		`security token .{0,30}is (invalid|expired)`, `could not find default credentials`, `no credentials loaded`, `invalid_grant`, `AADSTS\d+`,
		`incorrect user ?name or password`, `permission to perform this operation was denied`, `permissions for .{0,80}are not sufficient`,
	)},
	{Config, anyOf(`unsupported (argument|attribute|block)`, `missing required (argument|attribute|provider)`, `reference to undeclared`, `module not (found|installed)`, `unreadable module`,
		`could not (download|load) module`, `failed to (download|read) module`, `invalid value for`, `invalid .{0,30}(argument|reference|expression|template)\b`, `incorrect (attribute )?value`, `\bcycle: `,
		`unsuitable value`, `error in function call`, `failed to query available provider`, `failed to resolve provider`, `provider registry`, `no module call named`, `inconsistent dependency lock file`,
		`ephemeral value`, `unsupported \w+ core version`, `argument or block definition required`, `no such variable`, `invalid count argument`, `no declaration found`, `\bconstraint \S+ violated`,
		`duplicate (variable|output|resource|provider)`)},
	{Timeout, anyOf(`timeout`, `timed ?out`, `deadline exceeded`)},
}

// anyOf matches any of the alternatives, in any case of letters.
func anyOf(alternatives ...string) *regexp.Regexp {
	return regexp.MustCompile("(?i)" + strings.Join(alternatives, "|"))
}

// provisioner tells an error of a provisioner. It quotes the output of a script in the node, where a mirror's
// "403 Forbidden" says nothing of the cloud's credentials, nor a program's "invalid argument" of the configuration.
var provisioner = regexp.MustCompile(`(?i)^(local-exec|remote-exec|file) provisioner error`)

// classify names the class of a diagnostic from its text.
func classify(text string) Class {
	for _, c := range classes {
		if !c.re.MatchString(text) {
			continue
		}
		if stops := c.class == Auth || c.class == Config; stops && provisioner.MatchString(text) {
			continue
		}
		return c.class
	}
	return Unknown
}
