package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/sshd"
)

// machine is one of the static provider: OpenSSH's server, with as many slots as Zuul may use at a time.
type machine struct {
	Port, Slots int
	Key         string // public line of its host key

	dir    string
	server *sshd.Server // nil while it is down
}

// startMachines runs two machines with two slots each.
func (w *world) startMachines() error {
	for n := range 2 {
		port, err := sshd.FreePort("127.0.0.1")
		if err != nil {
			return err
		}
		m := &machine{Port: port, Slots: 2, dir: filepath.Join(w.dir, fmt.Sprintf("machine%d", n+1))}
		if err := os.MkdirAll(m.dir, 0o700); err != nil {
			return err
		}
		if err := m.start(); err != nil {
			return err
		}
		m.Key = m.server.Keys[0]
		w.onClose(func() error { m.stop(); return nil })
		w.machines = append(w.machines, m)
	}
	return nil
}

// start returns when it answers.
func (m *machine) start() error {
	server, err := sshd.Start(m.dir, "127.0.0.1", m.Port, "ed25519")
	if err != nil {
		return err
	}
	m.server = server
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err = until(ctx, func() bool {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", m.Port))
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	if err != nil {
		return fmt.Errorf("sshd does not answer: %w: %s", err, m.stop())
	}
	return nil
}

func (m *machine) stop() string {
	if m.server == nil {
		return ""
	}
	defer func() { m.server = nil }()
	return m.server.Stop()
}

// machineDown has one machine not answer.
func machineDown(_ context.Context, w *world, e Event) (func(context.Context) error, string, error) {
	n := int(e.Pick) % len(w.machines)
	m := w.machines[n]
	m.stop()
	return func(context.Context) error { return m.start() }, fmt.Sprintf("machine %d", n+1), nil //nolint:contextcheck // it outlives ctx
}

// slots compares the nodes of the static provider with its machines: each slot is READY once. Where not all are asked
// for, one may be missing: a machine that did not answer is left alone for a minute.
func slots(nodes map[string]*record.Node, machines []*machine, all bool) (found []difference) {
	of := map[string]int{}
	for _, n := range nodes {
		if n.Provider == rackProvider && n.Slot != nil {
			of[fmt.Sprintf("%s/%d", n.ConnectionPort, *n.Slot)]++
		}
	}
	for i, m := range machines {
		for s := range m.Slots {
			at := fmt.Sprintf("%d/%d", m.Port, s)
			switch n := of[at]; {
			case n > 1:
				found = append(found, difference{"slot registered twice", fmt.Sprintf("machine %d, slot %d: %d nodes", i+1, s, n)})
			case n == 0 && all:
				found = append(found, difference{"slot not registered", fmt.Sprintf("machine %d, slot %d", i+1, s)})
			}
			delete(of, at)
		}
	}
	for at := range of {
		found = append(found, difference{"node of no slot", at})
	}
	return found
}
