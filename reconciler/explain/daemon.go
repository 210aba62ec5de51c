package explain

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/journal"
)

// Daemon is what a running launcher knows of a request or node.
type Daemon struct {
	ID      string    `json:"id"`
	Host    string    `json:"host"`
	Version string    `json:"version"`
	At      time.Time `json:"at"`
	// Session is how it stands with ZooKeeper; only connected it knows what is.
	Session string `json:"session"`
	// Request is nil for a node, and for a request that it does not see.
	Request *Request `json:"request,omitempty"`
	// Node says what it does with a node, "" for nothing.
	Node    string          `json:"node,omitempty"`
	Journal []journal.Entry `json:"journal"`
}

// askTime bounds the wait for a launcher, mostAnswer its answer.
const (
	askTime    = 2 * time.Second
	mostAnswer = 1 << 20
)

// Ask asks the launcher of a configuration, which runs on this host or nowhere near.
func Ask(ctx context.Context, w config.WebApp, id string) (*Daemon, error) {
	host := w.ListenAddress
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	where := "http://" + net.JoinHostPort(host, strconv.Itoa(w.Port)) + "/explain/" + url.PathEscape(id)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, where, nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true}} // it is this host
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s (is it nodepool-tf?)", where, resp.Status)
	}
	d := &Daemon{}
	if err := json.NewDecoder(io.LimitReader(resp.Body, mostAnswer)).Decode(d); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return d, nil
}
