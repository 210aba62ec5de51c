"""What nodepool-tf owes Zuul (protocol.md 5.4), as checks on records that were read back."""

import collections
import json
import re
import threading
import time

TEXT = (str, type(None))
NUMBER = (int, float)

REQUEST_KEYS = {
    'state': str, 'state_time': NUMBER, 'node_types': list, 'nodes': list,
    'declined_by': list, 'requestor': TEXT, 'requestor_data': object,
    'provider': TEXT, 'relative_priority': NUMBER, 'event_id': TEXT,
    'created_time': NUMBER + (type(None),), 'tenant_name': TEXT,
    'reuse': bool,
}

NODE_KEYS = {
    'state': str, 'state_time': NUMBER, 'cloud': TEXT, 'provider': TEXT,
    'pool': TEXT, 'type': list, 'allocated_to': TEXT, 'az': TEXT,
    'region': TEXT, 'public_ipv4': TEXT, 'private_ipv4': TEXT,
    'public_ipv6': TEXT, 'host_id': TEXT, 'interface_ip': TEXT,
    'connection_port': object, 'ssh_port': object, 'connection_type': TEXT,
    'username': TEXT, 'python_path': TEXT, 'shell_type': TEXT,
    'image_id': TEXT, 'launcher': TEXT,
    'created_time': NUMBER + (type(None),),
    'external_id': (str, dict, type(None)), 'hostname': TEXT,
    'comment': TEXT, 'user_data': object, 'hold_job': TEXT,
    'hold_expiration': (int, type(None)), 'host_keys': list,
    'resources': (dict, type(None)), 'slot': (int, type(None)),
    'attributes': (dict, type(None)), 'tenant_name': TEXT,
    'driver_data': object, 'requestor': TEXT,
}

# Zuul sets each key of a node record as an attribute of its own object.
FORBIDDEN = {'label', 'lock', 'stat', '_keys', '_state', 'toDict',
             'updateFromDict', 'fromDict', 'name', 'aliases',
             'kubectl_namespace', 'kubectl_context'}

REQUEST_STATES = {'requested', 'pending', 'fulfilled', 'failed'}
NODE_STATES = {'init', 'building', 'testing', 'ready', 'in-use', 'used',
               'hold', 'deleting', 'failed', 'aborted', 'deleted'}

CONTENDER = re.compile(r'^[0-9a-f]{32}__lock__-?[0-9]{10}$')


class Broken:
    """The violations, thread-safe; each kind is counted, the first few are kept whole."""

    def __init__(self):
        self.counts = collections.Counter()
        self.examples = []
        self._lock = threading.Lock()

    def add(self, kind, **facts):
        with self._lock:
            self.counts[kind] += 1
            if self.counts[kind] <= 5:
                self.examples.append({'kind': kind, 'at': time.time(), **facts})


def keys(record, wanted):
    """Complaints about missing keys and wrong types."""
    found = []
    for key, types in wanted.items():
        if key not in record:
            found.append(f'{key} missing')
        elif not isinstance(record[key], types):
            found.append(f'{key} is {json.dumps(record[key])[:60]}')
    return found


def node_record(node):
    found = keys(node, NODE_KEYS)
    if node.get('state') not in NODE_STATES:
        found.append(f'state {node.get("state")!r}')
    found += [f'forbidden key {k}' for k in FORBIDDEN & set(node)]
    return found


def ready_node(node, label, request_id):
    """A node that is handed over."""
    found = node_record(node)
    for key, want in (('state', 'ready'), ('allocated_to', request_id)):
        if node.get(key) != want:
            found.append(f'{key} is {node.get(key)!r}, not {want!r}')
    if label not in node.get('type', []):
        found.append(f'type {node.get("type")} lacks {label!r}')
    for key in ('interface_ip', 'connection_type', 'python_path', 'provider'):
        if not node.get(key):
            found.append(f'{key} is empty')
    if not isinstance(node.get('connection_port'), int):
        found.append(f'connection_port is {node.get("connection_port")!r}')
    return found


def untouched(record, sent):
    """What Zuul wrote into a request must come back as it was."""
    return [f'{key} was {json.dumps(value)[:80]}, is {json.dumps(record.get(key))[:80]}'
            for key, value in sent.items()
            if key not in ('state', 'state_time', 'relative_priority')
            and record.get(key) != value]
