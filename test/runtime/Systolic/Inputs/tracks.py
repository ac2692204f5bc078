"""Counts the slices of timelines, and those that overlap another on their track without lying in it, which Perfetto drops: tracks.py FILE ..."""

import json
import sys

for path in sys.argv[1:]:
    with open(path) as file:
        slices = [e for e in json.load(file)["traceEvents"] if e["ph"] == "X"]
    tracks = {}
    for e in slices:
        tracks.setdefault(e["tid"], []).append((e["ts"], e["ts"] + e["dur"]))
    overlaps = 0
    for track in tracks.values():
        open_until = []  # ends of the slices that a slice lies in
        for begin, end in sorted(track, key=lambda s: (s[0], -s[1])):
            while open_until and open_until[-1] <= begin:
                open_until.pop()
            overlaps += bool(open_until) and end > open_until[-1]
            open_until.append(end)
    print(f"{path}: {len(slices)} slices, {overlaps} overlap")
