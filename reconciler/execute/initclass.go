package execute

import (
	"errors"
	"strings"
)

// hostFails is how this machine says that it has no room or resources left, or a broken disk.
var hostFails = anyOf(`no space left on device`, `disk quota exceeded`, `too many open files`, `cannot allocate memory`, `resource temporarily unavailable`, `input/output error`, `read-only file system`)

// initClass names the class of what init wrote on its way out. What it could not tell is Config, for there is little else
// that ends it; but a registry or git server that nobody reached, and a full disk, say nothing of the configuration: the
// label must not stop for them. (A host that is misspelt cannot be told from one that is away.)
func initClass(text string) Class {
	class := classify(strings.ReplaceAll(text, "authentication checksums", "checksums")) // a provider's, which say nothing of credentials
	switch {
	case class == Throttle: // a registry's 429
	case away.MatchString(text), hostFails.MatchString(text):
		return Unknown
	case class == Unknown, class == Capacity, class == Quota:
		return Config
	}
	return class
}

// folderClass names the class of a failure to copy what a module consists of.
func folderClass(err error) Class {
	if errors.Is(err, errChanged) || hostFails.MatchString(err.Error()) {
		return Unknown
	}
	return Config
}
