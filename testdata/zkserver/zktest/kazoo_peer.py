# A kazoo client that does what it is told: one JSON list per line on stdin
# (command, arguments), one JSON value per line on stdout.
import json
import sys

from kazoo.client import KazooClient
from kazoo.exceptions import LockTimeout
from kazoo.recipe.lock import Lock

locks = {}


def lock(path, identifier=""):
    if path not in locks:
        locks[path] = Lock(client, path, identifier)
    return locks[path]


def acquire_or_timeout(path, seconds):
    try:
        return lock(path).acquire(timeout=float(seconds))
    except LockTimeout:
        return "timeout"


commands = {
    # try to lock: True or False
    "try": lambda path, *data: lock(path, *data).acquire(blocking=False),
    # wait for the lock
    "acquire": lambda path, *data: lock(path, *data).acquire(),
    "acquire-timeout": acquire_or_timeout,
    "release": lambda path: lock(path).release(),
    # data of the contenders, the holder first
    "contenders": lambda path: Lock(client, path).contenders(),
    "children": lambda path: sorted(client.get_children(path)),
    "create": lambda path, data: client.create(path, data.encode(), makepath=True),
    "set": lambda path, data: client.set(path, data.encode()).version,
    "get": lambda path: client.get(path)[0].decode(),
    "delete": lambda path: client.delete(path, recursive=True),
}


def say(value):
    print(json.dumps(value), flush=True)


client = KazooClient(hosts=sys.argv[1], timeout=2.0)
client.start(timeout=30)
say("ready")
for line in sys.stdin:
    command, *arguments = json.loads(line)
    try:
        say(commands[command](*arguments))
    except Exception as e:
        say({"error": repr(e)})
