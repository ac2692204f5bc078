# check-trace.py FILE LAYER...: the trace's launches are these, and no thread does two things at once.
import json, sys

events = json.load(open(sys.argv[1]))["traceEvents"]
launches = [e for e in events if e["ph"] == "X"]
assert {e["name"] for e in launches} == set(sys.argv[2:]), launches
assert sum(e["args"]["blocks"] for e in launches if e["name"] == "layer.1") == 63, launches
for thread in {e["tid"] for e in launches}:
    own = sorted((e["ts"], e["ts"] + e["dur"]) for e in launches if e["tid"] == thread)
    assert all(end <= begin + 1e-3 for (_, end), (begin, _) in zip(own, own[1:])), own
