package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/nodepool-tf/nodepool-tf/testdata/nodepool"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
)

// startZooKeeper runs three servers. They speak TLS too where Nodepool's launcher is to connect: what stands on the lines
// of ours reads what is said on them.
func (w *world) startZooKeeper(ctx context.Context) error {
	var o zkserver.Options
	if w.Python {
		binary, err := nodepool.Venv(ctx, "")
		if err != nil {
			return fmt.Errorf("nodepool's launcher cannot be had (-python=false leaves it out): %w", err)
		}
		if o.TLS, err = zkserver.NewCerts(filepath.Join(w.dir, "certs")); err != nil {
			return err
		}
		w.python = &python{w: w, binary: binary, tls: [3]string{o.TLS.ClientCert, o.TLS.ClientKey, o.TLS.CA}}
	}
	var err error
	if w.zk, err = zkserver.StartEnsemble(ctx, filepath.Join(w.dir, "zookeeper"), 3, o); err != nil {
		return err
	}
	w.onClose(func() error { w.zk.Stop(); return nil })
	return nil
}

// plain are the servers' addresses without TLS.
func (w *world) plain() (addrs []string) {
	for _, s := range w.zk.Servers {
		addrs = append(addrs, s.Plain())
	}
	return addrs
}
