"""Records what PyYAML 6.0.3 makes of scalars and small documents.

Run by hand: python3 pyyaml.py > pyyaml.jsonl. The test reads the record, so that
nothing needs Python. Dates are recorded as text, because they are kept as text.
"""
import datetime
import itertools
import json
import math
import random

import yaml

SCALARS = """yes Yes YES yEs no No NO on On ON off Off OFF true True TRUE tRue false False FALSE y n Y N
014 0o14 08 09 0 00 -0 +0 007 -014 +014 1_000 1__0 _1 1_ 0x1f 0X1f 0x1F_0 -0xff 0b11 0b102 -0b1 +1 -1 1 12345678901
9223372036854775807 -9223372036854775808
1:30 22:22 1:60 01:30 1:5:9 -1:30 190:20:30 190:20:30.15 1:30.5 0:10 1:30: 127.0.0.1 1:2:3:4
1e3 1E3 1e-3 12e03 1.0e+3 1.0e3 1.e+1 1.5E-2 .5 .5e+1 -.5 +.5 . .. 1. -1. 1_0.5 6.8523015e+5 685_230.15
.inf .Inf .INF -.inf +.inf .nan .NaN .NAN -.nan inf nan
~ null Null NULL nUll none None
2024-01-01 2024-1-1 2001-12-14t21:59:43.10-05:00 2001-12-15T02:59:43.1Z 2024-01-01T00:00 01-01-2024
a:b a#b a,b - -a --- ? ?a : :a = << <<a 22.10 1.10 v2 1.2.3 1,000 0.1 100.0 1e16 1.0e+16 1.0e+15 0.0001 0.00001 123456789.123456789
http://x:80/ ::1 fe80::1 @a `a %a !a &a *a 'it' "q" 'a''b' "a\\nb" "\\x41" ~a null1 0x 0b 0_ 1_000:30 é""".split()

DOCS = [
    "a: 1\na: 2\n", "{a: 1, a: 2}", "1: a\n2: b\n", "true: a\nnull: b\n1.5: c\n", "a: &x 1\nb: *x\n",
    "base: &b {x: 1, y: 2}\nc: {<<: *b, y: 3}\n", "c: {y: 3, <<: {x: 1, y: 2}}\n",
    "c: {<<: [{x: 1}, {x: 2, z: 3}]}\n", "c: {<<: {x: 1}, <<: {x: 2}}\n", "c: {<<: 1}\n", "c: {<<: [1]}\n", "'<<': 1\n",
    "a: |\n  x\n  y\n", "a: >\n  x\n  y\n", "a: |-\n  x\n", "a:\n- 1\n- 2\n", "a:\n  - b: 1\n    c: 2\n",
    "a: 'yes'\nb: \"1\"\nc: !!str 1\nd: !!int '014'\ne: !!float 1\nf: !!bool 'yes'\n",
    "!!python/object:os.system a\n", "a: !secret b\n", "a: !!binary aGk=\n", "a: !!set {x, y}\n", "a: !!int x\n", "!!str {a: 1}\n",
    "---\na: 1\n", "---\na: 1\n...\n", "a: 1\n---\nb: 2\n", "--- 1\n--- 2\n", "", "# only a comment\n", "---\n", "null\n", "[]\n", "text\n",
    "a:\t1\n", "a:\n\tb: 1\n", "a: [1, 2\n", "a: {b: 1\n", "a: b: c\n", "- a\nb: 1\n", "a: *nope\n", "a: %(NODEPOOL_X)\n", "a: '%(NODEPOOL_X)'\n",
    "? [a]\n: 1\n", "? {a: 1}\n: 1\n", "a: &a [*a]\n", "%YAML 1.1\n---\na: 014\n", "a: @b\n", "a: `b`\n", "a:\n", "a: \n  b\n", "a: b\n  c\n",
    "a: 'x\n  y'\n", "a: \"x\\\n  y\"\n", "\ufeffa: 1\n", "a: 1\r\nb: 2\r\n", "a: \x07\n", "a: \x85b\n", "{a, b}\n", "[a: 1]\n", "{a: , b: }\n", "{a:1}\n", "[a,b]\n",
    "a: 'don''t'\n", "a: x #c\n", "a: x#c\n", "-1: a\n", "a : 1\n", "\"a\": 1\n", "a: - b\n", "a: ? b\n", "key: [a, b, ]\n", "key: {a: 1, }\n", "key: [,]\n",
]


def kind(v):
    if v is None:
        return ["null", None]
    if isinstance(v, bool):
        return ["boolean", v]
    if isinstance(v, int):
        return ["integer", str(v)]
    if isinstance(v, float):
        return ["number", repr(v)]
    if isinstance(v, (datetime.date, datetime.datetime)):
        return ["date", None]
    if isinstance(v, str):
        return ["string", v]
    if isinstance(v, list):
        return ["list", [kind(x) for x in v]]
    if isinstance(v, dict):
        return ["mapping", [[kind(k), kind(x)] for k, x in v.items()]]
    raise TypeError(type(v))


def record(doc):
    try:
        return {"yaml": doc, "value": kind(yaml.safe_load(doc))}
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as e:
        return {"yaml": doc, "error": type(e).__name__}


random.seed(1)
made = {"".join(random.choice("01279:._-+eEx") for _ in range(random.randint(1, 7))) for _ in range(1500)}
for doc in DOCS + ["k: " + s + "\n" for s in SCALARS + sorted(made)]:
    print(json.dumps(record(doc)))
