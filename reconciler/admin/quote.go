package admin

import "strconv"

// quote makes text from ZooKeeper, or from a command line, safe to print. Plain names stay as they are.
func quote(s string) string {
	if len(s) > 100 {
		s = s[:100] + "..."
	}
	q := strconv.QuoteToASCII(s)
	if s != "" && q[1:len(q)-1] == s {
		return s
	}
	return q
}
