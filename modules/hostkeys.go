package modules

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// setHostKeys takes a list of public keys as ssh-keyscan or tls_private_key
// give them, and keeps "<type> <base64>" of each: Zuul puts them after the
// address in known_hosts. null elements are left out; an empty list says that
// there are no keys to check.
func setHostKeys(f *Fields, v cty.Value) error {
	ty := v.Type()
	if !ty.IsListType() && !ty.IsTupleType() && !ty.IsSetType() {
		return wrongType(v, `a list of "<type> <base64>"`)
	}
	keys := make([]string, 0, v.LengthInt())
	for it := v.ElementIterator(); it.Next(); {
		_, elem := it.Element()
		if elem.IsNull() {
			continue
		}
		if elem.Type() != cty.String {
			return fmt.Errorf(`gives a list with %s in it; need text "<type> <base64>"`, elem.Type().FriendlyName())
		}
		key, err := hostKey(elem.AsString())
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	f.HostKeys, f.HostKeysSet = keys, true
	return nil
}

// hostKey drops comment and newline, and checks that the blob is a key of the
// named type (RFC 4253 6.6: it starts with its own name).
func hostKey(s string) (string, error) {
	bad := errors.New(`gives a host key of the wrong form; need "<type> <base64>", as in a .pub file`)
	parts := strings.Fields(s)
	if len(parts) < 2 || strings.Contains(strings.TrimSpace(s), "\n") {
		return "", bad
	}
	blob, err := base64.StdEncoding.DecodeString(parts[1])
	if err != nil || len(blob) < 4 {
		return "", bad
	}
	n := binary.BigEndian.Uint32(blob)
	if uint64(n) > uint64(len(blob)-4) || string(blob[4:4+n]) != parts[0] {
		return "", bad
	}
	return parts[0] + " " + parts[1], nil
}
