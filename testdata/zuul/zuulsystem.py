"""One Zuul as far as node requests go: a scheduler and an executor, each with its own ZooKeeper
session, made of Zuul's own classes. Nothing in here imitates Zuul; it only calls it, in the
order in which zuul/manager, zuul/scheduler.py and zuul/executor/server.py do."""

import configparser
import json
import threading
import time
import types
import uuid

import zuul.model
import zuul.nodepool
from kazoo.exceptions import ConnectionLoss, NoNodeError
from zuul.lib import tracing
from zuul.zk import ZooKeeperClient

# Every Zuul process does this at start. Tracing is off, but span_info in requestor_data is then
# what Zuul really sends: an object with integers of 128 bits.
tracing.Tracing(configparser.ConfigParser())

REQUESTS = '/nodepool/requests'
NODES = '/nodepool/nodes'


class Request:
    """What Zuul keeps about one request between submitting and returning."""

    def __init__(self, id, job, tenant, project):
        self.id = id
        self.job = job
        self.tenant = tenant
        self.project = project
        self.build_set_uuid = None
        self.pipeline = None
        self.sent = None            # the record as it was submitted
        self.executor = None        # these three are set by accept
        self.nodeset = None
        self.accepted = None


class Executor:
    def __init__(self, system):
        self.zk = system.connect()
        self.nodepool = zuul.nodepool.Nodepool(
            self.zk, system.system_id, None)

    def stop(self):
        self.nodepool.stop()
        self.zk.disconnect()

    def die(self):
        """The session ends with all its locks, as when the machine is lost."""
        self.zk.client.stop()
        self.zk.client.close()


class System:
    """tls is (cert, key, ca) or None: Zuul's client speaks plain when it is given no key."""

    def __init__(self, hosts, tls=None, system_id=None, timeout=10.0):
        self.hosts, self.tls, self.timeout = hosts, tls, timeout
        self.system_id = system_id or uuid.uuid4().hex
        self.scheduler_zk = self.connect()
        self.scheduler = zuul.nodepool.Nodepool(
            self.scheduler_zk, self.system_id, None, scheduler=True)
        self.scheduler.zk_nodepool.register()
        self.executor = Executor(self)
        self.requests = {}
        self._lock = threading.Lock()

    def connect(self):
        cert, key, ca = self.tls or (None, None, None)
        client = ZooKeeperClient(self.hosts, timeout=self.timeout,
                                 tls_cert=cert, tls_key=key, tls_ca=ca)
        client.connect()
        return client

    def stop(self):
        self.scheduler.stop()
        self.executor.stop()
        self.scheduler_zk.disconnect()

    @property
    def zk(self):
        return self.scheduler_zk.client

    # Scheduler

    def submit(self, labels, priority=200, relative_priority=0,
               tenant='acme', project='git.example.org/acme/app',
               pipeline='check', provider=None):
        nodeset = zuul.model.NodeSet('nodeset')
        for i, label in enumerate(labels):
            nodeset.addNode(zuul.model.Node([f'node-{i}'], label))
        job = types.SimpleNamespace(
            nodeset=nodeset, uuid=uuid.uuid4().hex, name='unit-tests')
        build_set = uuid.uuid4().hex
        event = types.SimpleNamespace(zuul_event_id=uuid.uuid4().hex)
        sent = self.scheduler.requestNodes(
            build_set, job, tenant, pipeline, provider, priority,
            relative_priority, event)
        request = Request(sent.id, job, tenant, project)
        request.build_set_uuid = build_set
        request.pipeline = pipeline
        request.sent = sent.toDict()
        with self._lock:
            self.requests[sent.id] = request
        return request

    def read(self, request_id):
        """The request as Zuul reads it, not from its cache; None once it is gone."""
        return self.scheduler.zk_nodepool.getNodeRequest(request_id)

    def wait(self, request_id, states, timeout):
        """Waits for one of states, 'gone' included; returns the state that it saw last."""
        deadline = time.monotonic() + timeout
        while True:
            request = self.read(request_id)
            state = request.state if request else 'gone'
            if state in states or time.monotonic() > deadline:
                return state
            time.sleep(0.01)

    def provisioned(self, tenant, pipeline):
        """Takes the NodesProvisionedEvents off the pipeline's queue: request id and build set."""
        queue = self.scheduler.pipeline_result_events[tenant][pipeline]
        events = []
        for event in queue:
            events.append((event.request_id, event.build_set_uuid))
            queue.ack(event)
        return events

    def nodeset_info(self, request_id):
        """What the scheduler reads of the nodes when it learns of the fulfilment."""
        info = self.scheduler.getNodesetInfo(
            self.read(request_id), self.requests[request_id].job.nodeset)
        return {'provider': info.provider, 'zone': info.zone, 'nodes': info.nodes}

    def revise(self, request_id, relative_priority):
        """True when the new priority was stored: storing fails silently in Zuul."""
        request = self.scheduler.zk_nodepool.getNodeRequest(
            request_id, cached=True)
        if request is None or request.state != zuul.model.STATE_REQUESTED:
            return False
        if self.scheduler.reviseRequest(request, relative_priority) is False:
            return False
        stored = self.read(request_id)
        return bool(stored) and stored.relative_priority == relative_priority

    def cancel(self, request_id):
        request = self.read(request_id)
        if request:
            self.scheduler.cancelRequest(request)
        return request is not None

    # Executor

    def accept(self, request_id, executor=None):
        """Re-reads the request, checks and locks each node (30 s), deletes the request."""
        request = self.requests[request_id]
        request.executor = executor or self.executor
        nodepool = request.executor.nodepool
        found = nodepool.zk_nodepool.getNodeRequest(request_id)
        if found is None:
            raise LookupError(f'request {request_id} is gone')
        request.nodeset = request.job.nodeset.copy()
        request.accepted = time.time()
        try:
            nodepool.acceptNodes(found, request.nodeset)
        except AttributeError as e:
            # The request could not be deleted, and Zuul 14 stumbles over that: the nodes stay locked.
            raise ConnectionLoss(f'request {request_id} was not deleted: {e}') from e
        return request.nodeset.getNodes()

    def use(self, request_id):
        request = self.requests[request_id]
        request.executor.nodepool.useNodeSet(
            request.nodeset, request.tenant, request.project)

    def give_back(self, request_id):
        """in-use becomes used, anything else stays; then all locks are released."""
        request = self.requests.pop(request_id)
        request.executor.nodepool.returnNodeSet(
            request.nodeset, None, request.tenant, request.project,
            time.time() - request.accepted)

    def hold(self, request_id, reason='debug', expiration=None):
        """Autohold: the nodes go to hold and are then returned. Returns the hold's id."""
        request = self.requests[request_id]
        hold = zuul.model.HoldRequest()
        hold.tenant, hold.project = request.tenant, request.project
        hold.job, hold.ref_filter = request.job.name, '.*'
        hold.reason, hold.node_expiration = reason, expiration
        nodepool = request.executor.nodepool
        nodepool.zk_nodepool.storeHoldRequest(hold)
        build = types.SimpleNamespace(uuid=uuid.uuid4().hex)
        nodepool.holdNodeSet(
            request.nodeset, hold, build, time.time() - request.accepted)
        self.give_back(request_id)
        return hold.id

    def release_hold(self, hold_id):
        """False when a node could not be locked: Zuul then keeps the hold and tries again."""
        nodepool = self.scheduler.zk_nodepool
        nodepool.deleteHoldRequest(nodepool.getHoldRequest(hold_id), None)
        return nodepool.getHoldRequest(hold_id) is None

    def executor_dies(self):
        self.executor.die()
        self.executor = Executor(self)

    # Both

    def launchers(self):
        return [{'id': l.id, 'supported_labels': sorted(l.supported_labels)}
                for l in self.scheduler.zk_nodepool.getRegisteredLaunchers()]

    def znode(self, path):
        """The JSON of a znode with its stat; (None, None) when there is none, or no data.

        A server may lag behind what another connection has written and been told of: sync.
        """
        try:
            self.zk.sync(path)
            data, stat = self.zk.get(path)
        except NoNodeError:
            return None, None
        return (json.loads(data), stat) if data else (None, stat)

    def node(self, node_id):
        return self.znode(f'{NODES}/{node_id}')

    def node_ids(self):
        return sorted(self.scheduler.zk_nodepool.getNodes())

    def contenders(self, node_id):
        """Names in a node's lock directory, without creating it as kazoo's contenders() does."""
        try:
            return self.zk.get_children(f'{NODES}/{node_id}/lock')
        except NoNodeError:
            return []
