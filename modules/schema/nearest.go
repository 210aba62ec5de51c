package schema

import "strings"

// Nearest returns the known name that word probably means, or "".
func Nearest(word string, known []string) string {
	best, bestCost := "", 1<<30
	w := fold(word)
	if len(w) == 0 || len(w) > 60 {
		return ""
	}
	for _, name := range known {
		if cost := distance(w, fold(name)); cost < bestCost {
			best, bestCost = name, cost
		}
	}
	if bestCost >= len(w) || bestCost > max(1, min(3, len(w)/3)) {
		return ""
	}
	return best
}

// fold makes spellings equal that people mix up: max_servers, MaxServers.
func fold(s string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "").Replace(s))
}

// distance is the number of single-letter edits and swaps between a and b.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
