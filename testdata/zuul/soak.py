"""Mixed node requests through Zuul's own code for some minutes, with the invariants of
protocol.md 5.4 checked all along. JSON report on stdout; exit code 1 when one broke."""

import argparse
import collections
import json
import logging
import random
import signal
import sys
import threading
import time
import traceback

import kazoo.exceptions
import kazoo.retry

import invariants
import zuulsystem

FATES = {
    'run': 50,               # accept, use, give back
    'wait in queue': 10,     # the same after seconds in which nobody may touch anything
    'revise': 8,             # new relative priority while requested, then run
    'cancel at once': 6,
    'cancel later': 6,       # while requested, pending or fulfilled, as it comes
    'cancel fulfilled': 5,
    'never used': 5,         # accepted, job died before use: given back READY
    'hold': 4,               # autohold, released later
    'executor dies': 3,
    'unknown label': 3,      # must fail
}
SIZES = {1: 60, 2: 20, 3: 10, 5: 8, 8: 2}


# ZooKeeper is away, or was: what was written last may have been done or not.
AWAY = (kazoo.exceptions.ConnectionLoss, kazoo.exceptions.ConnectionClosedError,
        kazoo.exceptions.SessionExpiredError, kazoo.exceptions.OperationTimeoutError,
        kazoo.exceptions.LockTimeout)


def patient(client):
    """Reads are repeated until ZooKeeper is back. Writes are not: nobody could tell what became of them."""
    retry = kazoo.retry.KazooRetry(max_tries=-1, delay=0.1, max_delay=1, ignore_expire=True)
    for name in ('get', 'get_children', 'exists'):
        plain = getattr(client, name)
        setattr(client, name, lambda *a, plain=plain, **k: retry.copy()(plain, *a, **k))


class Soak:
    def __init__(self, options):
        self.options = options
        self.system = zuulsystem.System(options.hosts, options.tls)
        if options.zookeeper_faults:
            patient(self.system.zk)
        self.broken = invariants.Broken()
        self.counts = collections.Counter()
        self.latencies, self.gone_after = [], []
        self.active = {}         # node -> request it was given to and not yet taken from
        self.spent = set()       # nodes that were used: never to be seen again
        self.others = set()      # nodes that a launcher made which is not on trial
        self.leaving = {}        # node -> when it was given back
        self.live = set()        # our requests
        self.events = set()      # requests whose NodesProvisionedEvent came
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.finished = threading.Event()

    # One request, from submission to the end that fate has for it

    def one(self, rng, executor=None):
        """Returns the executor for the next request: that of a request in whose midst ZooKeeper went away is dead."""
        fate = rng.choices(list(FATES), FATES.values())[0]
        size = rng.choices(list(SIZES), SIZES.values())[0]
        labels = self.options.labels
        if self.options.apart and rng.random() < 0.3:
            labels = [rng.choice(self.options.apart)]
        labels = [rng.choice(labels) for _ in range(min(size, self.options.max_size))]
        if fate == 'unknown label':
            labels[-1] = 'no-such-label'
        try:
            request = self.system.submit(
                labels, priority=rng.choice([100, 200, 200, 300]),
                relative_priority=rng.randrange(5),
                tenant=rng.choice(['acme', 'umbrella']))
        except AWAY:
            if not self.options.zookeeper_faults:
                raise
            self.counts['not submitted'] += 1  # or it was: see sweep
            time.sleep(0.5)
            return executor
        with self.lock:
            self.live.add(request.id)
            self.counts[f'fate: {fate}'] += 1
            self.counts['requests'] += 1
            self.counts['nodes requested'] += len(labels)
        try:
            self.live_on(request, fate, labels, rng, executor)
        except AWAY:
            if not self.options.zookeeper_faults:
                raise
            executor = self.abandon(request, executor)
        finally:
            self.system.requests.pop(request.id, None)
            with self.lock:
                self.live.discard(request.id)
        return executor

    def abandon(self, request, executor):
        """Zuul lost ZooKeeper in the midst of a request: the job's executor ends, with its locks, and the request is
        cancelled. Its nodes are the launcher's again, used ones to be deleted, others to be given to the next."""
        self.counts['abandoned'] += 1
        executor.die()
        with self.lock:
            nodes = [n for n, r in self.active.items() if r == request.id]
            self.spent.difference_update(nodes)
        self.let_go(nodes)
        while True:
            try:
                self.system.cancel(request.id)
                return self.executor()
            except AWAY:
                time.sleep(0.5)
            except kazoo.exceptions.NoNodeError:
                return self.executor()

    def executor(self):
        """One that is a worker's own; without ZooKeeper faults all share the system's."""
        if not self.options.zookeeper_faults:
            return None
        while True:
            try:
                executor = zuulsystem.Executor(self.system)
                patient(executor.zk.client)
                return executor
            except Exception:
                time.sleep(0.5)

    def live_on(self, request, fate, labels, rng, own):
        if fate == 'cancel at once':
            return self.cancel(request)
        if fate == 'cancel later':
            time.sleep(rng.random() * 0.5)
            return self.cancel(request)
        if fate == 'revise' and self.system.revise(request.id, 0):
            self.counts['revised'] += 1

        state = self.system.wait(request.id, {'fulfilled', 'failed', 'gone'},
                                 self.options.request_timeout)
        if state == 'failed':
            if fate != 'unknown label' and not self.options.allow_failed:
                self.broken.add('request failed', request=request.id, record=self.record(request))
            self.counts['failed'] += 1
            return self.cancel(request)
        if state != 'fulfilled' or fate == 'unknown label':
            self.broken.add('request gone' if state == 'gone' else
                            'unknown label fulfilled' if state == 'fulfilled' else 'request stuck',
                            request=request.id, state=state, record=self.record(request))
            return self.cancel(request)

        versions = self.fulfilled(request, labels)
        nodes = list(versions)
        if fate == 'cancel fulfilled':
            return self.cancel(request, nodes)
        if fate == 'wait in queue':
            time.sleep(1 + rng.random() * 4)
        self.still(request, versions)

        executor = zuulsystem.Executor(self.system) if fate == 'executor dies' else None
        try:
            self.job(request, fate, nodes, rng, executor, own)
        except AWAY:
            if executor:
                executor.die()  # its locks would stay for as long as we live
            raise

    def job(self, request, fate, nodes, rng, executor, own):
        accepted = [n.id for n in self.system.accept(request.id, executor or own)]
        if accepted != nodes:
            self.broken.add('accepted other nodes', request=request.id, nodes=nodes, accepted=accepted)
        if fate == 'never used':
            self.system.give_back(request.id)
            return self.let_go(nodes)
        with self.lock:
            self.spent.update(nodes)
        self.system.use(request.id)
        used = {n: self.version(n) for n in nodes}
        time.sleep(rng.random() * self.options.job_seconds)
        for node in nodes:
            self.in_use(request, node, used[node])
        if fate == 'hold':
            hold = self.system.hold(request.id)
            time.sleep(rng.random() * 3)
            for node in nodes:
                record, _ = self.system.node(node)
                if not record or record['state'] != 'hold':
                    self.broken.add('held node changed', node=node, record=record)
            if not self.system.release_hold(hold):
                self.broken.add('hold not released', hold=hold, nodes=nodes)
        elif executor:
            executor.die()
        else:
            self.system.give_back(request.id)
        with self.lock:
            for node in nodes:
                self.active.pop(node, None)
                if node not in self.others:
                    self.leaving[node] = time.monotonic()

    def cancel(self, request, nodes=()):
        self.let_go(nodes)
        self.system.cancel(request.id)
        self.counts['cancelled'] += 1

    def let_go(self, nodes):
        with self.lock:
            for node in nodes:
                self.active.pop(node, None)

    def record(self, request):
        return self.system.znode(f'{zuulsystem.REQUESTS}/{request.id}')[0]

    def version(self, node):
        _, stat = self.system.node(node)
        return stat.version if stat else None

    # Checks along the way

    def fulfilled(self, request, labels):
        """Invariants 1 and 4. Returns the version of each node."""
        record, _ = self.system.znode(f'{zuulsystem.REQUESTS}/{request.id}')
        complaints = invariants.keys(record, invariants.REQUEST_KEYS)
        complaints += invariants.untouched(record, request.sent)
        if len(record['nodes']) != len(labels) or len(set(record['nodes'])) != len(labels):
            complaints.append(f'nodes {record["nodes"]} for {labels}')
        if complaints:
            self.broken.add('request record', request=request.id, complaints=complaints)
        versions = {}
        for node, label in zip(record['nodes'], labels):
            data, stat = self.system.node(node)
            versions[node] = stat.version if stat else None
            complaints = invariants.ready_node(data, label, request.id) if data else ['no such node']
            if held := self.held(node):
                complaints.append(f'locked: {held}')
            if complaints:
                self.broken.add('node at fulfilment', request=request.id, node=node, complaints=complaints)
            with self.lock:
                if (other := self.active.get(node)) and other != request.id:
                    self.broken.add('node given twice', node=node, requests=[other, request.id])
                if node in self.spent:
                    self.broken.add('used node given again', node=node, request=request.id)
                self.active[node] = request.id
                if data and data['provider'] in self.options.others:
                    self.others.add(node)
        info = self.system.nodeset_info(request.id)   # raises when Zuul cannot read a node
        if info['nodes'] != record['nodes']:
            self.broken.add('nodeset info', request=request.id, info=info)
        with self.lock:
            self.counts['fulfilled'] += 1
            self.latencies.append(record['state_time'] - record['created_time'])
        request.version = self.system.znode(f'{zuulsystem.REQUESTS}/{request.id}')[1].version
        return versions

    def held(self, node):
        """The contenders of a node's lock that stay.

        A launcher that has not heard yet who got the node may pass by: it takes the lock, reads the record again and
        leaves. One that was cut off meanwhile leaves when its session ends. Zuul's executor waits 30 s for the lock.
        """
        deadline = time.monotonic() + (10 if self.options.zookeeper_faults else 5)
        held = set(self.system.contenders(node))
        while held and time.monotonic() < deadline:
            time.sleep(0.02)
            held &= set(self.system.contenders(node))
        return sorted(held)

    def still(self, request, versions):
        """Invariant 2: since fulfilment nobody wrote to the request or its nodes."""
        _, stat = self.system.znode(f'{zuulsystem.REQUESTS}/{request.id}')
        if not stat or stat.version != request.version:
            self.broken.add('fulfilled request touched', request=request.id, record=self.record(request))
        for node, version in versions.items():
            if self.version(node) != version:
                self.broken.add('fulfilled node touched', node=node, record=self.system.node(node)[0])
        deadline = time.monotonic() + 10
        while request.id not in self.events and time.monotonic() < deadline:
            time.sleep(0.02)
        if request.id not in self.events:
            self.broken.add('Zuul got no event', request=request.id)

    def in_use(self, request, node, version):
        """Invariant 5."""
        record, stat = self.system.node(node)
        if not record or record['state'] != 'in-use' or stat.version != version:
            self.broken.add('node in use touched', request=request.id, node=node, record=record)

    # Watching everything, beside the requests

    def take_events(self):
        while not self.finished.wait(0.05):
            for tenant in ('acme', 'umbrella'):
                try:
                    for request, _ in self.system.provisioned(tenant, 'check'):
                        self.events.add(request)
                except AWAY:
                    if not self.options.zookeeper_faults:
                        raise

    def watch(self):
        """Used nodes go away, nothing hangs in the tree with nobody working on it."""
        odd = {}            # (what, id) -> since when
        looked = 0
        while not self.finished.wait(0.1):
            present = set(self.system.node_ids())
            now = time.monotonic()
            with self.lock:
                for node, since in list(self.leaving.items()):
                    if node not in present:
                        self.gone_after.append(now - since)
                        del self.leaving[node]
                    elif now - since > self.options.gone_timeout:
                        self.broken.add('used node stays', node=node)
                        del self.leaving[node]
            if now - looked > 1:
                looked = now
                try:
                    self.look_around(present, odd, now)
                except AWAY:
                    if not self.options.zookeeper_faults:
                        raise

    def look_around(self, present, odd, now):
        requests = {r: self.system.znode(f'{zuulsystem.REQUESTS}/{r}')[0]
                    for r in self.system.scheduler.zk_nodepool.getNodeRequests()}
        seen = set()
        for node in present:
            record, stat = self.system.node(node)
            if stat is None:
                continue
            if record is None:
                seen.add(('node without data', node))
                continue
            if complaints := invariants.node_record(record):
                self.broken.add('node record', node=node, complaints=complaints)
            if record['provider'] in self.options.others:
                continue
            unlocked = not any(invariants.CONTENDER.match(c) for c in self.system.contenders(node))
            if record['state'] in ('init', 'building') and unlocked:
                seen.add(('node launched by nobody', node))
            if record['allocated_to'] and record['allocated_to'] not in requests \
                    and record['state'] == 'ready' and unlocked:
                seen.add(('node allocated to a request that is gone', node))
        owners = {}
        for id, record in requests.items():
            if not record:
                continue
            if self.options.zookeeper_faults and record['requestor'] == self.system.system_id and id not in self.live:
                seen.add(('request that nobody waits for', id))
                self.sweep(id, now - odd.get(('request that nobody waits for', id), now))
            if record['state'] == 'pending' and not self.request_locked(id):
                seen.add(('request pending with nobody working on it', id))
            if record['state'] == 'fulfilled':
                for node in record['nodes']:
                    if owners.setdefault(node, id) != id:
                        self.broken.add('node in two fulfilled requests', node=node, requests=[owners[node], id])
        for gone in set(odd) - seen:
            del odd[gone]
        for what in seen:
            if now - odd.setdefault(what, now) > self.options.odd_timeout:
                self.broken.add(what[0], id=what[1])
                odd[what] = now

    def sweep(self, id, age):
        """As Zuul's scheduler does: a request of ours that we do not remember was submitted while ZooKeeper went away."""
        if age > 5:
            self.system.cancel(id)
            self.counts['swept'] += 1

    def request_locked(self, id):
        path = f'/nodepool/requests-lock/{id}'
        return self.system.zk.exists(path) and self.system.zk.get_children(path)

    def drained(self):
        """After the last job: no request of ours, no used node, nothing but free ready nodes."""
        deadline = time.monotonic() + self.options.odd_timeout + self.options.gone_timeout
        while True:
            requests = {r: self.system.read(r) for r in self.system.scheduler.zk_nodepool.getNodeRequests()}
            left = [f'request {r}' for r, q in requests.items()
                    if q and q.requestor == self.system.system_id]
            foreign = {r for r, q in requests.items() if q and q.requestor != self.system.system_id}
            ready = 0
            for node in self.system.node_ids():
                record, _ = self.system.node(node)
                if record and record['state'] == 'ready' and not record['allocated_to']:
                    ready += 1
                elif record and record['allocated_to'] in foreign:
                    pass
                else:
                    left.append(f'node {node} {record["state"] if record else "without data"}')
            if not left or time.monotonic() > deadline:
                return left, ready
            time.sleep(0.2)

    def worker(self, seed):
        rng = random.Random(seed)
        executor = self.executor()
        while not self.stopping.is_set():
            try:
                executor = self.one(rng, executor)
            except Exception as e:
                self.broken.add('Zuul raised', error=f'{type(e).__name__}: {e}',
                                traceback=traceback.format_exc().splitlines()[-6:])
                time.sleep(0.5)
            time.sleep(rng.random() * self.options.pause)
        if executor:
            executor.stop()

    def run(self):
        start = time.monotonic()
        watchers = [threading.Thread(target=t, daemon=True) for t in (self.take_events, self.watch)]
        workers = [threading.Thread(target=self.worker, args=(self.options.seed * 1000 + i,))
                   for i in range(self.options.workers)]
        for t in watchers + workers:
            t.start()
        end = start + self.options.minutes * 60
        shown = start
        while time.monotonic() < end and not self.stopping.wait(0.2):
            if time.monotonic() - shown > 10:
                shown = time.monotonic()
                print(f'{shown - start:6.0f} s  {self.counts["requests"]} requests, '
                      f'{self.counts["fulfilled"]} fulfilled, broken: {dict(self.broken.counts)}',
                      file=sys.stderr, flush=True)
        self.stopping.set()
        for t in workers:
            t.join()
        left, ready = self.drained()
        if left:
            self.broken.add('left behind', what=left[:20], count=len(left))
        self.finished.set()
        for t in watchers:
            t.join()
        self.system.stop()
        return {
            'seconds': round(time.monotonic() - start, 1),
            'seed': self.options.seed,
            'workers': self.options.workers,
            'counts': dict(sorted(self.counts.items())),
            'request_to_fulfilled_seconds': spread(self.latencies),
            'returned_to_gone_seconds': spread(self.gone_after),
            'ready_nodes_left': ready,
            'broken': dict(self.broken.counts),
            'examples': self.broken.examples,
        }


def spread(values):
    if not values:
        return None
    values = sorted(values)

    def at(p):
        return round(values[min(len(values) - 1, int(p * len(values)))], 3)
    return {'n': len(values), 'p50': at(.5), 'p90': at(.9), 'p99': at(.99), 'max': at(1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--hosts', required=True, help='host:port[,host:port...][/chroot]')
    parser.add_argument('--tls', nargs=3, metavar=('CERT', 'KEY', 'CA'))
    parser.add_argument('--labels', required=True, type=lambda s: s.split(','))
    parser.add_argument('--apart', type=lambda s: s.split(','), help='labels that no pool has together with others')
    parser.add_argument('--others', type=lambda s: s.split(','), default=[],
                        help='providers whose launcher may take its time to delete')
    parser.add_argument('--minutes', type=float, default=20)
    parser.add_argument('--workers', type=int, default=8)
    parser.add_argument('--max-size', type=int, default=8, help='most nodes in a request')
    parser.add_argument('--job-seconds', type=float, default=2, help='longest use of a node')
    parser.add_argument('--pause', type=float, default=1, help="longest pause between a worker's requests")
    parser.add_argument('--request-timeout', type=float, default=120, help='a request without an answer is stuck')
    parser.add_argument('--gone-timeout', type=float, default=60, help='a used node must be gone')
    parser.add_argument('--odd-timeout', type=float, default=90, help='nothing may be unowned for longer')
    parser.add_argument('--allow-failed', action='store_true', help='FAILED is an answer too')
    parser.add_argument('--zookeeper-faults', action='store_true', help='ZooKeeper may go away now and then')
    parser.add_argument('--seed', type=int, default=int(time.time()))
    options = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, level=logging.CRITICAL)

    soak = Soak(options)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: soak.stopping.set())
    report = soak.run()
    json.dump(report, sys.stdout, indent=1, default=str)
    print()
    sys.exit(1 if report['broken'] else 0)


if __name__ == '__main__':
    main()
