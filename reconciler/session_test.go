package reconciler

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
)

// TestToldTwice: a launcher without ZooKeeper is told of a configuration that is in force already. It goes on trying, and
// ends only when it is to stop.
func TestToldTwice(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	l := &Launcher{next: newOffer(), draining: make(chan struct{}), log: slog.New(slog.DiscardHandler)}
	l.cfg.Store(&config.Config{ZooKeeper: config.ZooKeeper{Servers: []config.Server{{Host: "127.0.0.1", Port: 1}}, Timeout: time.Second}})
	l.next.remind()
	if done, err := l.session(ctx); done || err != nil || ctx.Err() != nil {
		t.Errorf("done %t, %v: the launcher ends because of an old reminder", done, err)
	}
	<-l.next.made
	close(l.draining)
	if done, err := l.session(ctx); !done || err != nil || ctx.Err() != nil {
		t.Errorf("done %t, %v: the launcher is to stop", done, err)
	}
}
