package status

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

var nodeColumns = []Column{
	{"ID", "id"}, {"Provider", "provider"}, {"Label", "label"}, {"Server ID", "server_id"},
	{"Public IPv4", "public_ipv4"}, {"IPv6", "ipv6"}, {"State", "state"}, {"Age", "age"}, {"Locked", "locked"},
}

var nodeDetailColumns = []Column{
	{"Pool", "pool"}, {"Hostname", "hostname"}, {"Private IPv4", "private_ipv4"}, {"AZ", "AZ"},
	{"Username", "username"}, {"Port", "connection_port"}, {"Launcher", "launcher"},
	{"Allocated To", "allocated_to"}, {"Hold Job", "hold_job"}, {"Comment", "comment"},
	{"User Data", "user_data"}, {"Driver Data", "driver_data"},
}

// NodeTable is the node list, by id. locked says for each node id whether its lock has any
// contender. detail appends the twelve columns of `list --detail`, which the web always shows.
// now is what ages are counted to; a state_time in the future counts as no age.
// Source: nodepool/status.py, operator-surface.md 1.8.
func NodeTable(nodes []*record.Node, locked map[string]bool, detail bool, now time.Time) Table {
	t := Table{Columns: nodeColumns}
	if detail {
		t.Columns = slices.Concat(nodeColumns, nodeDetailColumns)
	}
	nodes = slices.DeleteFunc(slices.Clone(nodes), func(n *record.Node) bool { return n == nil })
	slices.SortStableFunc(nodes, func(a, b *record.Node) int { return strings.Compare(a.ID, b.ID) })
	for _, n := range nodes {
		row := []any{
			n.ID, text(n.Provider), list(n.Type), n.ExternalID,
			text(n.PublicIPv4), text(n.PublicIPv6), string(n.State), age(n.StateTime, now), lockText(locked[n.ID]),
		}
		if detail {
			row = append(row,
				text(n.Pool), text(n.Hostname), text(n.PrivateIPv4), text(n.AZ),
				text(n.Username), port(n.ConnectionPort), text(n.Launcher),
				text(n.AllocatedTo), text(n.HoldJob), text(n.Comment), n.UserData, n.DriverData)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// text is a string cell; "" stands for null in records.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// list is a list cell, never null.
func list(s []string) any {
	if s == nil {
		return []string{}
	}
	return s
}

func lockText(locked bool) string {
	if locked {
		return "locked"
	}
	return "unlocked"
}

const redacted = "redacted"

// port shows integers and integer-like text only: other forms hold service account credentials.
func port(raw json.RawMessage) any {
	s := strings.TrimSpace(string(bytes.TrimSpace(raw)))
	if unquoted := ""; json.Unmarshal(raw, &unquoted) == nil && s != "null" {
		s = strings.TrimSpace(unquoted)
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return redacted
	}
	return n
}
