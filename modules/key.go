package modules

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// keyVersion changes when the meaning of a key does, so that old workspaces are
// not taken for new ones.
const keyVersion = "nodepool-tf spec 1"

// Key is a hash (64 hexadecimal digits) over all that decides which initialised
// workspace a node may share: required providers, provider configuration, module
// address and version. Inputs and outputs do not count. The content of a local
// module does not count either: who copies it adds its own hash.
func (s *Spec) Key() string {
	data, err := json.Marshal([]any{
		keyVersion, s.RequiredProviders, s.ProviderConfig, s.Module.address(), s.Module.Version,
	})
	if err != nil {
		// A value JSON cannot hold (RenderRoot refuses it): still a stable key,
		// since fmt prints maps in key order.
		data = fmt.Appendf(nil, "%s %#v %#v %q %q", keyVersion,
			s.RequiredProviders, s.ProviderConfig, s.Module.address(), s.Module.Version)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
