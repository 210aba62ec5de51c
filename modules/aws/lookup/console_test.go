package lookup

import (
	"context"
	"testing"
)

// TestConsole: the newest of a name's instances is asked, and, where that type has no console of this moment, for the one
// it has.
func TestConsole(t *testing.T) {
	asked := api(t, map[string]string{
		"DescribeInstances np0000000007": `<R><reservationSet><item><instancesSet><item><instanceId>i-2</instanceId><launchTime>2026-01-02T03:04:05.000Z</launchTime></item></instancesSet></item>
			<item><instancesSet><item><instanceId>i-1</instanceId><launchTime>2026-01-01T03:04:05.000Z</launchTime></item></instancesSet></item></reservationSet></R>`,
		"DescribeInstances np0000000008": `<R><reservationSet/></R>`,
		"GetConsoleOutput i-2":           "<R><instanceId>i-2</instanceId><output>Ym9vdGluZw0K\nbm93Cg==\n</output></R>",
	})
	for hostname, want := range map[string]string{"np0000000007": "booting\r\nnow\n", "np0000000008": ""} {
		if got, err := cloud(t).Console(context.Background(), hostname); err != nil || got != want {
			t.Errorf("%s: %q %v", hostname, got, err)
		}
	}
	if len(*asked) != 4 {
		t.Errorf("asked %q", *asked)
	}
}
