package lookup

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
)

// Console is what the newest instance of a name wrote to its serial console, 64 KiB at most; "" where there is none of it
// yet. Instances that end keep theirs for about an hour.
func (c *Cloud) Console(ctx context.Context, hostname string) (string, error) {
	s, err := c.connect(ctx)
	if err != nil {
		return "", err
	}
	var found struct {
		Instances []struct {
			ID       string `xml:"instanceId"`
			Launched string `xml:"launchTime"` // ISO 8601, always UTC: it sorts as text
		} `xml:"reservationSet>item>instancesSet>item"`
	}
	form := url.Values{}
	filter(form, 1, "tag:Name", hostname)
	if err := s.ec2(ctx, "DescribeInstances", form, &found); err != nil {
		return "", err
	}
	id, newest := "", ""
	for _, i := range found.Instances {
		if i.Launched >= newest {
			id, newest = i.ID, i.Launched
		}
	}
	if id == "" {
		return "", nil
	}
	var out struct {
		Output string `xml:"output"` // base64, with line breaks
	}
	// What is there now can be had of instances on Nitro only; of others, what was there some time after the boot.
	if err = s.ec2(ctx, "GetConsoleOutput", url.Values{"InstanceId": {id}, "Latest": {"true"}}, &out); err != nil {
		err = s.ec2(ctx, "GetConsoleOutput", url.Values{"InstanceId": {id}}, &out)
	}
	if err != nil {
		return "", err
	}
	text, err := base64.StdEncoding.DecodeString(out.Output)
	if err != nil {
		return "", fmt.Errorf("console of %s: %w", id, err)
	}
	return string(text), nil
}
