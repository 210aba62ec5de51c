package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud"
)

// warmPlugin is a provider process that runs already. Terraform reattaches to it.
type warmPlugin struct {
	cmd      *exec.Cmd
	reattach string // value of TF_REATTACH_PROVIDERS
}

// startPlugin starts the simulated cloud's provider as Terraform does, with go-plugin's handshake.
func startPlugin(ctx context.Context, program, dir string) (*warmPlugin, error) {
	sockets := filepath.Join(dir, "sockets")
	if err := os.MkdirAll(sockets, 0o700); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append(os.Environ(), "PLUGIN_PROTOCOL_VERSIONS=5,6", "PLUGIN_UNIX_SOCKET_DIR="+sockets,
		"TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the provider: %w", err)
	}
	p := &warmPlugin{cmd: cmd}
	said := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		said <- strings.TrimSpace(line)
	}()
	select {
	case line := <-said:
		err = p.shake(line)
	case <-time.After(10 * time.Second):
		err = errors.New("the provider does not say where it listens")
	}
	if err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

// shake reads the handshake: core version, protocol, network, address, grpc.
func (p *warmPlugin) shake(line string) error {
	f := strings.Split(line, "|")
	if len(f) < 5 {
		return fmt.Errorf("the provider's handshake is %q", line)
	}
	protocol, err := strconv.Atoi(f[1])
	if err != nil {
		return fmt.Errorf("the provider's handshake is %q", line)
	}
	data, err := json.Marshal(map[string]any{cloud.Source: map[string]any{
		"Protocol": f[4], "ProtocolVersion": protocol, "Pid": p.cmd.Process.Pid, "Test": true,
		"Addr": map[string]string{"Network": f[2], "String": f[3]},
	}})
	p.reattach = string(data)
	return err
}

func (p *warmPlugin) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}
