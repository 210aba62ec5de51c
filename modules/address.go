package modules

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode"

	"github.com/zclconf/go-cty/cty"
)

// setText takes a string; "" leaves the field unset, because many providers
// return "" for an attribute that does not apply.
func setText(dst *string, v cty.Value) error {
	if v.Type() != cty.String {
		return wrongType(v, "text")
	}
	*dst = v.AsString()
	return nil
}

// setID also takes a number: cloud ids often are.
func setID(dst *string, v cty.Value) error {
	switch v.Type() {
	case cty.String:
		*dst = v.AsString()
	case cty.Number:
		*dst = v.AsBigFloat().Text('f', -1)
	default:
		return wrongType(v, "text or a number")
	}
	return nil
}

// setHost takes what Zuul can connect to.
func setHost(dst *string, v cty.Value) error {
	if err := setText(dst, v); err != nil {
		return err
	}
	*dst = unbracket(*dst)
	if strings.ContainsFunc(*dst, unicode.IsSpace) || strings.Contains(*dst, "/") {
		return errors.New("gives text with blanks or a slash; need an address or a host name, without prefix length or scheme")
	}
	return nil
}

func setIPv4(dst *string, v cty.Value) error { return setIP(dst, v, "IPv4", netip.Addr.Is4) }
func setIPv6(dst *string, v cty.Value) error { return setIP(dst, v, "IPv6", netip.Addr.Is6) }

func setIP(dst *string, v cty.Value, kind string, is func(netip.Addr) bool) error {
	var s string
	if err := setText(&s, v); err != nil || s == "" {
		return err
	}
	s = unbracket(s)
	if addr, err := netip.ParseAddr(s); err != nil || !is(addr) {
		return fmt.Errorf("gives text that is no %s address (without prefix length)", kind)
	}
	*dst = s
	return nil
}

// unbracket: the OpenStack provider writes access_ip_v6 as [2001:db8::1].
func unbracket(s string) string {
	if len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' {
		return s[1 : len(s)-1]
	}
	return s
}

// wrongType says what came by its type only: the value may be secret.
func wrongType(v cty.Value, want string) error {
	return fmt.Errorf("gives %s; need %s", v.Type().FriendlyName(), want)
}
