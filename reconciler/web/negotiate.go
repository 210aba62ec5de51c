package web

import (
	"strconv"
	"strings"
)

// format of a body.
type format string

const (
	asText format = "text"
	asJSON format = "json"
)

// offers are the media types that are matched, in tie-break order (operator-surface.md 2.3).
var offers = []struct {
	mainType, subType string
	format            format
}{{"text", "html", asText}, {"text", "plain", asText}, {"application", "json", asJSON}}

// negotiate picks the format that an Accept header asks for; false when it accepts none of ours. A header without any
// readable range, an absent one too, asks for nothing in particular. The best quality wins, then the range that names the
// type most closely, as WebOb has it: `application/json, */*` gets JSON.
func negotiate(header string) (format, bool) {
	ranges := parseAccept(header)
	if len(ranges) == 0 {
		return asText, true
	}
	var best format
	quality, closeness := 0.0, -1
	for _, o := range offers {
		q, c := 0.0, -1
		for _, r := range ranges { // the closest range says an offer's quality
			if m := r.closeness(o.mainType, o.subType); m > c {
				q, c = r.q, m
			}
		}
		if q > 0 && (q > quality || q == quality && c > closeness) {
			best, quality, closeness = o.format, q, c
		}
	}
	return best, quality > 0
}

// mediaRange is one part of an Accept header; "*" is any.
type mediaRange struct {
	mainType, subType string
	q                 float64
}

// closeness is 0 to 2 for a range that matches, -1 for one that does not.
func (r mediaRange) closeness(mainType, subType string) int {
	switch {
	case r.mainType == "*" && r.subType == "*":
		return 0
	case r.mainType != mainType:
		return -1
	case r.subType == "*":
		return 1
	case r.subType == subType:
		return 2
	}
	return -1
}

// maxRanges bounds the ranges that are looked at; browsers send fewer than ten.
const maxRanges = 64

// parseAccept reads an Accept header and passes over what is none.
func parseAccept(header string) (ranges []mediaRange) {
	for part := range strings.SplitSeq(header, ",") {
		if len(ranges) == maxRanges {
			break
		}
		name, params, _ := strings.Cut(part, ";")
		main, sub, ok := strings.Cut(strings.ToLower(strings.TrimSpace(name)), "/")
		if !ok || main == "" || sub == "" || main == "*" && sub != "*" {
			continue
		}
		r := mediaRange{main, sub, 1}
		for p := range strings.SplitSeq(params, ";") {
			if k, v, _ := strings.Cut(p, "="); strings.EqualFold(strings.TrimSpace(k), "q") {
				q, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
				if err != nil || !(q >= 0 && q <= 1) {
					q = 0
				}
				r.q = q
			}
		}
		ranges = append(ranges, r)
	}
	return ranges
}
