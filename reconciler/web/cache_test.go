package web

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestCache(t *testing.T) {
	c := newCache()
	at := time.Unix(1000, 0)
	now := func() time.Time { return at }
	made := atomic.Int32{}
	get := func(key string, size int) {
		t.Helper()
		_, err := c.get(context.Background(), key, now, func() (*answer, error) {
			made.Add(1)
			return &answer{body: make([]byte, size), at: at}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	release := make(chan struct{})
	for range 50 { // they share one
		wg.Go(func() {
			_, _ = c.get(context.Background(), "slow", now, func() (*answer, error) {
				made.Add(1)
				<-release
				return &answer{at: at}, nil
			})
		})
	}
	for made.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	close(release)
	wg.Wait()
	get("slow", 0)
	if n := made.Swap(0); n != 1 {
		t.Errorf("made %d times for those who asked together", n)
	}
	at = at.Add(answerAge)
	get("slow", 0)
	if n := made.Swap(0); n != 1 {
		t.Error("an answer is kept for longer than a second")
	}
	for i := range 3 * maxAnswers {
		get(fmt.Sprint(i), 10)
	}
	if c.order.Len() != maxAnswers || len(c.byKey) != maxAnswers || c.bytes != 10*maxAnswers {
		t.Errorf("%d answers, %d keys, %d bytes", c.order.Len(), len(c.byKey), c.bytes)
	}
	for i := range 10 {
		get(fmt.Sprintf("large %d", i), maxBytes/4)
	}
	if c.bytes > maxBytes {
		t.Errorf("%d bytes are kept", c.bytes)
	}
	failed := errors.New("away")
	for range 2 {
		if _, err := c.get(context.Background(), "bad", now, func() (*answer, error) { made.Add(1); return nil, failed }); !errors.Is(err, failed) {
			t.Errorf("got %v", err)
		}
	}
	at = at.Add(time.Hour)
	if c.find("none", at); c.order.Len() != 0 || c.bytes != 0 {
		t.Errorf("%d answers of %d bytes are left", c.order.Len(), c.bytes)
	}
}
