package desire

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// maxReasons bounds what a request with a thousand unknown labels, or failed nodes, puts into the log.
const maxReasons = 10

// declineReasons are those of 4.4, first match wins.
func (p *pass) declineReasons(pool *config.Pool, r *record.Request) []string {
	if unreadable(r, "node_types") {
		return []string{"the request's node_types cannot be read"}
	}
	if disabled(pool) {
		return []string{"pool is disabled by max-servers"}
	}
	labels := distinct(r.NodeTypes)
	var reasons []string
	for _, l := range labels {
		if pool.Labels[l] == nil {
			reasons = append(reasons, "label "+quote(l)+" is not offered")
		}
	}
	if len(reasons) > 0 {
		return shortened(reasons)
	}
	for _, l := range labels {
		if label := pool.Labels[l]; !p.imageReady(label) {
			return []string{"image " + quote(label.DiskImage) + " of label " + quote(l) + " has no ready upload"}
		}
	}
	if pool.Provider.Static() {
		if why := staticNeverFits(pool, r); why != "" {
			return []string{why}
		}
	}
	for _, l := range labels {
		if why := p.lacks(pool.Labels[l]); why != "" {
			reasons = append(reasons, why)
		}
	}
	if len(reasons) > 0 {
		return shortened(reasons)
	}
	if why := p.neverFits(pool, r.NodeTypes); why != "" {
		return []string{why}
	}
	return nil
}

func shortened(reasons []string) []string {
	if more := len(reasons) - maxReasons; more > 1 {
		reasons = append(reasons[:maxReasons:maxReasons], fmt.Sprintf("and %d more", more))
	}
	return reasons
}

func disabled(pool *config.Pool) bool { return pool.MaxServers != nil && *pool.MaxServers <= 0 }

// imageReady reports whether the label's diskimage, if it has one, is uploaded.
func (p *pass) imageReady(l *config.PoolLabel) bool {
	return l.DiskImage == "" || p.Images[ImageKey{l.Pool.Provider.Name, l.DiskImage}] != ""
}

// unreadable reports whether a field of the record could not be read and has its default instead.
func unreadable(r *record.Request, field string) bool {
	for _, problem := range r.Problems {
		if strings.HasPrefix(problem, field) {
			return true
		}
	}
	return false
}

// quote makes a label from ZooKeeper safe to print.
func quote(s string) string {
	if len(s) > 100 {
		s = s[:100] + "..."
	}
	return strconv.QuoteToASCII(s)
}

// Refuse notes that a pool declines a request, and fails it when all registered pools have (protocol.md 4.4 step 2).
func Refuse(r *record.Request, own string, pools []string, now time.Time) {
	if !slices.Contains(r.DeclinedBy, own) {
		r.DeclinedBy = append(r.DeclinedBy, own)
	}
	state := record.RequestFailed
	if len(pools) == 0 {
		state = record.RequestRequested // nobody is registered to ask (protocol.md 9.8)
	}
	for _, id := range pools {
		if !slices.Contains(r.DeclinedBy, id) {
			state = record.RequestRequested
		}
	}
	r.SetState(state, now)
}
