package web

import (
	"math"
	"slices"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
)

// timeColumns are additions to Nodepool's keys: there `age` is a text in one list and a time in the others (D-12). Having
// no title, they are for JSON alone.
var timeColumns = []status.Column{{Key: "state_time"}, {Key: "age_seconds"}}

// withTimes adds them to a table whose rows are in the order of the times, Unix seconds.
func withTimes(t status.Table, times []float64, now time.Time) status.Table {
	t.Columns = slices.Concat(t.Columns, timeColumns)
	for i, row := range t.Rows {
		t.Rows[i] = append(row, timeCells(times[i], now)...)
	}
	return t
}

// withStamps adds them to a table that has times in a column of its own.
func withStamps(t status.Table, key string, now time.Time) status.Table {
	at := slices.IndexFunc(t.Columns, func(c status.Column) bool { return c.Key == key })
	t.Columns = slices.Concat(t.Columns, timeColumns)
	for i, row := range t.Rows {
		cells := []any{nil, nil}
		if s, ok := row[at].(status.Stamp); ok {
			cells = timeCells(float64(s.Unix), now)
		}
		t.Rows[i] = append(row, cells...)
	}
	return t
}

func timeCells(unix float64, now time.Time) []any {
	if math.IsNaN(unix) || math.Abs(unix) > 1<<53 {
		return []any{nil, nil}
	}
	return []any{unix, int64(max(0, float64(now.UnixMilli())/1000-unix))}
}
