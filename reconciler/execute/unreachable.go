package execute

import "regexp"

// away is how Go programs, which Terraform's providers are, say that nobody answered at an address.
var away = regexp.MustCompile(`connection refused|no such host|i/o timeout|connection reset by peer|network is unreachable|no route to host|TLS handshake timeout|server misbehaving|Temporary failure in name resolution`)

// Unreachable tells whether an error says that a cloud could not be reached: another try at once would be wasted.
func Unreachable(err error) bool { return err != nil && away.MatchString(err.Error()) }
