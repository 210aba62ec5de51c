package modules

import (
	"regexp"
	"strings"
)

// How credentials are written into an address: before the host, and in the query (go-getter's sshkey and
// aws_access_key_secret, and what services sign addresses with).
var (
	userinfo    = regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/?#"']*@`)
	querySecret = regexp.MustCompile(`(?i)([?&][^\s=&#"']*(?:key|secret|token|passw|credential|signature|\bsig)[^\s=&#"']*=)[^\s&#"']+`)
)

// Public is text, such as a module's address or an error that quotes one, without the credentials of the addresses in it.
func Public(text string) string {
	text = userinfo.ReplaceAllStringFunc(text, func(s string) string {
		scheme, user, _ := strings.Cut(s, "://")
		if strings.HasSuffix(scheme, "ssh") && !strings.Contains(user, ":") {
			return s // whom git logs in as; what it has to know is a key
		}
		return scheme + "://***@"
	})
	return querySecret.ReplaceAllString(text, "${1}***")
}
