package schema

import (
	"bytes"
	"strings"
)

// envPrefix is what a variable's name must begin with to be substituted.
const envPrefix = "NODEPOOL_"

// Substitute replaces %(NAME) by the value of each variable of env ("NAME=value")
// whose name begins with NODEPOOL_, wherever it stands, also in comments. It is
// one pass from left to right: what a value contains is never looked at again
// (upstream's outcome depends on the order of the environment). A token without
// such a variable stays as it is. The result is cut just above MaxSize, which
// Parse then refuses, so that no environment can fill the memory.
func Substitute(data []byte, env []string) []byte {
	vars := Variables(env)
	longest := 0
	for name := range vars {
		longest = max(longest, len(name))
	}
	var out bytes.Buffer
	for len(data) > 0 && out.Len() <= MaxSize {
		at := bytes.Index(data, []byte("%("))
		if at < 0 {
			break
		}
		out.Write(data[:at])
		data = data[at:]
		name := tokenName(data, longest)
		value, ok := vars[name]
		if !ok {
			out.WriteString("%(")
			data = data[2:]
			continue
		}
		out.WriteString(value)
		data = data[len("%()")+len(name):]
	}
	out.Write(data)
	if out.Len() > MaxSize {
		out.Truncate(MaxSize + 1)
	}
	return out.Bytes()
}

// tokenName is the NAME of the %(NAME) at the start of data, looking no further
// than the longest name there is.
func tokenName(data []byte, longest int) string {
	rest := data[2:min(len(data), 2+longest+1)]
	end := bytes.IndexByte(rest, ')')
	if end < 0 {
		return ""
	}
	return string(rest[:end])
}

// Variables returns the variables of env that Substitute acts on. The last of
// several with one name counts.
func Variables(env []string) map[string]string {
	vars := map[string]string{}
	for _, kv := range env {
		name, value, ok := strings.Cut(kv, "=")
		if ok && strings.HasPrefix(name, envPrefix) {
			vars[name] = value
		}
	}
	return vars
}
