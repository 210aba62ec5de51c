"""Drives Zuul's node request code from a Go test: one JSON object a line on stdin, one a line on
stdout. Each command runs in a thread of its own, so that a wait does not hold up the rest; the
reply carries the command's "id". "ok": false comes with "error" (and a traceback on stderr)."""

import argparse
import json
import logging
import sys
import threading
import traceback

from kazoo.recipe.lock import Lock

import zuulsystem


class Commands:
    def __init__(self, system):
        self.system = system
        self.locks = {}

    def submit(self, labels, **options):
        return {'request': self.system.submit(labels, **options).id}

    def read(self, request):
        """The raw record: what ZooKeeper holds, not what Zuul makes of it."""
        data, stat = self.system.znode(f'{zuulsystem.REQUESTS}/{request}')
        return {'record': data, 'version': stat.version if stat else None}

    def wait(self, request, states, timeout=60):
        return {'state': self.system.wait(request, states, timeout)}

    def events(self, tenant='acme', pipeline='check'):
        return {'events': [{'request': r, 'build_set': b} for r, b
                           in self.system.provisioned(tenant, pipeline)]}

    def info(self, request):
        return self.system.nodeset_info(request)

    def revise(self, request, relative_priority):
        return {'revised': self.system.revise(request, relative_priority)}

    def cancel(self, request):
        return {'cancelled': self.system.cancel(request)}

    def accept(self, request):
        return {'nodes': [n.toDict() for n in self.system.accept(request)]}

    def use(self, request):
        self.system.use(request)

    def give_back(self, request):
        self.system.give_back(request)

    def hold(self, request, **options):
        return {'hold': self.system.hold(request, **options)}

    def release_hold(self, hold):
        return {'released': self.system.release_hold(hold)}

    def executor_dies(self):
        self.system.executor_dies()

    def launchers(self):
        return {'launchers': self.system.launchers()}

    def node(self, node):
        """The raw record, and the same through Zuul's cached reader when its cache has it."""
        data, stat = self.system.node(node)
        reader = self.system.scheduler.zk_nodepool
        seen = reader.getNode(node) if node in reader.getNodes(cached=True) else None
        return {'record': data, 'version': stat.version if stat else None,
                'zuul': seen.toDict() if seen else None,
                'contenders': self.system.contenders(node)}

    def nodes(self):
        return {'nodes': self.system.node_ids()}

    def lock(self, path, timeout=None):
        """kazoo's lock on any path, held until unlock; without timeout it does not wait."""
        lock = Lock(self.system.executor.zk.client, path)
        held = lock.acquire(timeout is not None, timeout)
        if held:
            self.locks[path] = lock
        return {'held': held}

    def unlock(self, path):
        self.locks.pop(path).release()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--hosts', required=True, help='host:port[,host:port...][/chroot]')
    parser.add_argument('--tls', nargs=3, metavar=('CERT', 'KEY', 'CA'))
    parser.add_argument('--system-id')
    parser.add_argument('--verbose', action='store_true')
    args = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, level=logging.DEBUG if args.verbose else logging.WARNING)

    system = zuulsystem.System(args.hosts, args.tls, args.system_id)
    commands = Commands(system)
    output = threading.Lock()

    def reply(message):
        with output:
            print(json.dumps(message, default=str), flush=True)

    def run(command):
        id = command.pop('id', None)
        try:
            name = command.pop('cmd')
            method = None if name.startswith('_') else getattr(commands, name, None)
            if method is None:
                raise ValueError(f'no command {name!r}')
            reply({'id': id, 'ok': True, **(method(**command) or {})})
        except Exception as e:
            traceback.print_exc()
            reply({'id': id, 'ok': False, 'error': f'{type(e).__name__}: {e}'})

    reply({'id': 0, 'ok': True, 'system_id': system.system_id})
    for line in sys.stdin:
        if line.strip():
            threading.Thread(target=run, args=(json.loads(line),), daemon=True).start()
    system.stop()


if __name__ == '__main__':
    main()
