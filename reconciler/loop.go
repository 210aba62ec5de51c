package reconciler

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
	"github.com/nodepool-tf/nodepool-tf/state/cache"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// Periods of protocol.md 4.8 and 4.9.
const (
	agesEvery  = 60 * time.Second
	lostEvery  = 10 * time.Second // more often than upstream's 60 s: it only costs a read while somebody holds the lock
	locksEvery = time.Hour
	lostGrace  = 5 * time.Second // before the first look for lost requests: the registry and cache settle
)

// loop is everything a launcher believes during one ZooKeeper session. Only its own goroutine touches it; others send
// it functions to run.
type loop struct {
	l     *Launcher
	s     *session.Session
	cache *cache.Cache
	cfg   *config.Config
	log   *slog.Logger
	ctx   context.Context // ends with the session or the launcher
	wg    sync.WaitGroup  // everything the loop started

	mailMu sync.Mutex
	mail   []func()
	wake   chan struct{}
	asks   chan func() // looks at what the loop knows and changes nothing, so that no pass follows

	view       desire.View
	mzxid      map[string]int64 // newest transaction seen, by path
	handlers   map[string]*handler
	launches   map[string]*launch
	deletions  map[string]*lockedNode // node locks held while their resources are destroyed
	pools      map[desire.PoolKey]*registration
	poolNames  map[string]string // component znode: pool id
	images     imageIndex
	peers      *peers
	scans      *scans
	unclear    map[string]bool // malformed records already logged
	watching   map[string]bool // nodes whose lock is watched
	foreigners map[string]bool // makers of nodes that are left to them, already logged

	lastAges, lastLost, lastLocks, lastOrphans, nextBlobs time.Time
	started                                               time.Time
	unserved                                              unserved
	ownerless                                             map[string]time.Time // nodes that are left to others for a while (see unclaimed): when their deletion was first wanted
	missing                                               map[string]time.Time // workspace nodes without a record: first sighting
	lostSince                                             map[string]time.Time // lost requests that wait for their launcher
	sweeping                                              map[string]bool      // providers whose resources are being listed

	machines    map[string]*machines // by static provider
	machinesDue bool
	clouds      cloudIndex
	slots       map[string]*slots // by metastatic provider
	slotsDue    bool
	serving     sync.Map  // names of metastatic providers whose pools are registered by this launcher
	adopting    bool      // another configuration is about to come into force
	over        error     // why the session shall end
	glanced     time.Time // when all machines were last looked over though nothing had changed
}

// handler is a request in hand.
type handler struct {
	desire.Handler
	own   string // id of its pool when it was accepted
	req   *lockedRequest
	seq   int
	nodes map[string]*lockedNode // by id; READY, failed and aborted ones, and those being launched
}

func newLoop(l *Launcher, s *session.Session, st *store.Store) *loop {
	lp := &loop{
		l: l, s: s, cfg: l.config(), log: l.log, wake: make(chan struct{}, 1), asks: make(chan func()),
		mzxid: map[string]int64{}, handlers: map[string]*handler{}, launches: map[string]*launch{},
		deletions: map[string]*lockedNode{}, pools: map[desire.PoolKey]*registration{}, unclear: map[string]bool{}, poolNames: map[string]string{},
		watching: map[string]bool{}, foreigners: map[string]bool{}, missing: map[string]time.Time{}, lostSince: map[string]time.Time{}, ownerless: map[string]time.Time{}, sweeping: map[string]bool{},
		machines: map[string]*machines{}, machinesDue: true, slots: map[string]*slots{}, images: imageIndex{}, scans: newScans(),
	}
	lp.peers = &peers{lp: lp, store: st, known: map[string]*peer{}, unknown: l.strangers, stuck: map[string]stuck{}}
	lp.view = desire.View{
		Config: lp.cfg, Requests: map[string]*desire.Request{}, Nodes: map[string]*desire.Node{}, Pools: map[string]*record.Pool{},
		Own: map[desire.PoolKey]string{}, Handlers: map[string]*desire.Handler{}, MinReady: map[string]string{},
		MinReadyAfter: map[string]time.Time{}, Setbacks: l.setbacks, Images: map[desire.ImageKey]string{},
	}
	return lp
}

// post sends the loop a function to run. It never blocks.
func (lp *loop) post(f func()) {
	lp.mailMu.Lock()
	lp.mail = append(lp.mail, f)
	lp.mailMu.Unlock()
	select {
	case lp.wake <- struct{}{}:
	default:
	}
}

// do runs an effect outside the loop.
func (lp *loop) do(f func(ctx context.Context)) {
	lp.wg.Add(1)
	go func() {
		defer lp.wg.Done()
		f(lp.ctx)
	}()
}

// run serves until the session is over (done false) or a drain has ended (done true).
func (lp *loop) run(ctx context.Context) (done bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	lp.ctx = ctx
	defer func() {
		lp.l.manager.SetNotify(nil)
		cancel()
		lp.wg.Wait()
		for key := range lp.pools {
			lp.notPaused(key)
		}
	}()
	for _, p := range []string{requestsPath, requestLocksPath, nodesPath, imagesPath, componentsPath + "/pool", componentsPath + "/launcher", componentsPath + "/builder"} {
		if err := lp.s.EnsurePath(ctx, p); err != nil {
			return false, err
		}
	}
	lp.cache = cache.New(lp.s, lp.log)
	defer lp.cache.Close()
	if err := lp.cache.Start(ctx); err != nil {
		return false, err
	}
	lp.do(lp.peers.watch)
	lp.l.manager.SetNotify(func(o workspace.Outcome) { lp.post(func() { lp.outcome(o) }) })
	lp.chooseSlots()
	lp.setImages(lp.findImages(ctx, lp.cfg))
	if err := lp.register(ctx); err != nil {
		return false, err
	}
	lp.started = time.Now()
	for _, e := range lp.cache.Queued() { // all there was at the start
		lp.see(&e)
	}
	lp.do(lp.pump)
	lp.do(lp.watchImages)
	lp.do(lp.electStats)
	lp.l.board.open(lp)
	lp.l.pulse.beat()
	defer lp.l.pulse.rest()
	defer lp.l.board.open(nil)
	return lp.serve(ctx)
}

// pump moves what the cache saw into the loop.
func (lp *loop) pump(ctx context.Context) {
	for {
		events, err := lp.cache.Next(ctx)
		if err != nil {
			return
		}
		lp.post(func() {
			for i := range events {
				lp.see(&events[i])
			}
		})
	}
}

func (lp *loop) serve(ctx context.Context) (done bool, err error) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var rest <-chan time.Time // a pause after expensive passes
	var pace pace
	dirty, draining := true, lp.l.draining
	for {
		select {
		case <-ctx.Done():
			return true, nil
		case <-lp.s.Done():
			return false, lp.s.Err()
		case <-draining:
			draining = nil
			lp.drain()
			dirty = true
		case <-lp.l.next.made:
			lp.adopt()
		case <-lp.peers.store.Lost(): // nothing can be kept in this session any more
			lp.over = fmt.Errorf("%w: is a copy of its state directory in use?", store.ErrLease)
		case <-tick.C:
			lp.l.pulse.beat()
			lp.renewLease()
			lp.l.manager.Tick()
			lp.syncPools()
			lp.orphans()
			lp.requestLocks()
			lp.oldBlobs(time.Now())
			lp.sweepLeaks()
			lp.drift()
			lp.glanceMachines()
			lp.slotsDue = true
			dirty = true
		case <-rest:
			rest = nil
		case ask := <-lp.asks:
			ask()
		case <-lp.wake:
			lp.mailMu.Lock()
			mail := lp.mail
			lp.mail = nil
			lp.mailMu.Unlock()
			for _, f := range mail {
				f()
			}
			dirty = true
		}
		if lp.over != nil {
			return false, lp.over
		}
		if !dirty || rest != nil || lp.s.Suspended() {
			continue
		}
		took := lp.pass()
		lp.l.opts.Meter.Pass("main", took)
		dirty = false
		if lp.view.Draining && len(lp.handlers) == 0 {
			lp.log.Info("stopped: nothing left in hand")
			return true, nil
		}
		if d := pace.rest(time.Now(), took); d > 0 {
			rest = time.After(d)
		}
	}
}

// pass decides once and starts what was decided.
func (lp *loop) pass() time.Duration {
	began := time.Now()
	lp.tendMachines()
	lp.seeClouds()
	lp.tendSlots()
	v := &lp.view
	v.Now = began
	v.Full = lp.l.manager.Full()
	v.Due = desire.Due{}
	if began.Sub(lp.lastAges) >= agesEvery {
		v.Due.Ages, lp.lastAges = true, began
		lp.lookUnserved()
	}
	if began.Sub(lp.started) >= lostGrace && began.Sub(lp.lastLost) >= lostEvery {
		v.Due.Lost, lp.lastLost = true, began
	}
	for _, d := range desire.Decide(v) {
		lp.act(d)
	}
	return time.Since(began)
}

// drain begins a clean stop: others see our pools vanish, nothing new is accepted.
func (lp *loop) drain() {
	lp.view.Draining = true
	lp.unregister()
	for _, m := range lp.machines {
		lp.leaveMachines(m)
	}
}
