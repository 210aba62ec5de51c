package execute

// away is how programs say that nobody answered at an address, or only a proxy before it (an API that restarts).
var away = anyOf(
	// Go, which Terraform's providers are written in
	`connection (refused|reset by peer|timed ?out|closed by)`, `no such host`, `server misbehaving`, `temporary failure in name resolution`, `network is unreachable`, `no route to host`,
	`i/o timeout`, `TLS handshake timeout`, `Client\.Timeout`, `: (unexpected )?EOF\b`, `broken pipe`, `\bGOAWAY\b`,
	// proxies; 595 and 596 are those of Proxmox VE
	`(code|error|got|HTTP|response|status)\W{0,10}(50[234]|59[56])\b`, `bad gateway`, `service ?(temporarily )?unavailable`, `gateway time-?out`,
	`temporary overloading`, `server is currently unable to handle the request`, // OpenStack's and Kubernetes' words for 503
	`the request failed after \d+ attempts`, `(bad response code|returned error): 5\d\d\b`, // a module's or provider's registry
	// git, curl and ssh
	`could not resolve host`, `name or service not known`, `(failed|unable) to connect to`, `empty reply from server`, `recv failure`, `early EOF`, `unexpected disconnect`,
	`SSL_ERROR_SYSCALL`, `gnutls_handshake\(\) failed`,
)

// Unreachable tells whether an error says that a cloud or registry could not be reached: another try at once would be wasted.
func Unreachable(err error) bool { return err != nil && away.MatchString(err.Error()) }
