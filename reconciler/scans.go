package reconciler

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// How many host key scans there are at one time. One that nobody answers is a few KiB and a socket for all its
// boot-timeout; the machines of one provider may all be such (a bad image, a security group), so it has no more than a
// share.
const (
	maxScans      = 1000
	providerScans = 400
)

// scans hands out turns for host key scans.
type scans struct {
	all *semaphore.Weighted
	mu  sync.Mutex
	of  map[string]*semaphore.Weighted // by provider
}

func newScans() *scans {
	return &scans{all: semaphore.NewWeighted(maxScans), of: map[string]*semaphore.Weighted{}}
}

// take waits for a turn of a provider, which the caller gives back. An error is that of the context. Who waits for the
// provider's share takes nothing of all.
func (s *scans) take(ctx context.Context, provider string) (giveBack func(), err error) {
	own := s.share(provider)
	if err := own.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	if err := s.all.Acquire(ctx, 1); err != nil {
		own.Release(1)
		return nil, err
	}
	return func() { s.all.Release(1); own.Release(1) }, nil
}

func (s *scans) share(provider string) *semaphore.Weighted {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[provider] == nil {
		s.of[provider] = semaphore.NewWeighted(providerScans)
	}
	return s.of[provider]
}
