# Renders formats with Python's own str.format, for pyformat's golden file.
# usage: python3 python.py < formats.txt > python.txt
import sys

class Request: pass
r = Request()
r.id = "200-0000000042"; r.requestor = "zuul-scheduler"; r.event_id = "3f1e"; r.tenant_name = None
r.labels = ["bookworm-8g", "it's", 'a"b']
r.requestor_data = {"0": "zero", "a b": {"list": [1, 2.5, True, None]}, "n": -1234567, "ü": "naïve\n\x01\U0001f600"}
r.relative_priority = 7; r.created_time = 1700000000.25
for line in sys.stdin:
    fmt = line.rstrip("\n")
    try:
        out = "= " + fmt.format(request=r).encode("unicode_escape").decode()
    except Exception:
        out = "! error"
    print(fmt + "\t" + out)
