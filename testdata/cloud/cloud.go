package cloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// Cloud is a simulated cloud: its folder and, between Start and its end, its process.
type Cloud struct {
	dir     string
	program string
	address string // host:port, kept across restarts
	client  *api.Client

	mu   sync.Mutex
	proc *process
}

// Start runs a cloud with its books in dir, which it makes. A cloud that was there before goes on with its books, and
// with its address unless somebody else has taken that. It dies with the program that started it. It needs the Go
// toolchain.
func Start(ctx context.Context, dir string) (*Cloud, error) {
	c := &Cloud{dir: dir, program: filepath.Join(dir, "cloud")}
	if err := build(ctx, "server", c.program); err != nil {
		return nil, err
	}
	if was, err := os.ReadFile(c.addressFile()); err == nil {
		c.address = strings.TrimSpace(string(was))
	}
	err := c.run(ctx)
	if err != nil && c.address != "" && ctx.Err() == nil {
		c.address = ""
		err = c.run(ctx)
	}
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute}
	c.client = &api.Client{Endpoint: c.Endpoint(), HTTP: &http.Client{Transport: transport}}
	return c, nil
}

func (c *Cloud) addressFile() string { return filepath.Join(c.dir, "address") }

// run starts the process.
func (c *Cloud) run(ctx context.Context) error {
	listen := c.address
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	p, address, err := start(ctx, c.program, filepath.Join(c.dir, "cloud.log"), "-dir", filepath.Join(c.dir, "books"), "-listen", listen)
	if err != nil {
		return fmt.Errorf("start the simulated cloud: %w", err)
	}
	c.mu.Lock()
	c.proc = p
	c.mu.Unlock()
	c.address = address
	return os.WriteFile(c.addressFile(), []byte(address+"\n"), 0o600)
}

func (c *Cloud) process() *process {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.proc
}

// Endpoint is what the provider's argument of that name takes.
func (c *Cloud) Endpoint() string { return "http://" + c.address }

// Pid of the process.
func (c *Cloud) Pid() int { return c.process().cmd.Process.Pid }

// Stop ends the process in good order. Requests that hang are cut off.
func (c *Cloud) Stop() {
	c.client.HTTP.CloseIdleConnections()
	c.process().end(10 * time.Second)
}

// Kill ends the process as a crash would.
func (c *Cloud) Kill() {
	c.client.HTTP.CloseIdleConnections()
	c.process().end(0)
}

// Pause freezes the cloud: connections stay open and nothing answers.
func (c *Cloud) Pause() { c.process().pause() }

// Resume ends Pause.
func (c *Cloud) Resume() { c.process().resume() }

// Restart runs the process again, after ending it if need be, at the same address and with the same books.
func (c *Cloud) Restart(ctx context.Context) error {
	c.Stop()
	before := c.address
	if err := c.run(ctx); err != nil {
		return err
	}
	if c.address != before {
		return errors.New("the cloud came back at another address")
	}
	return nil
}
