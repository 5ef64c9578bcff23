#!/usr/bin/env python3
"""bpftool behind the contract of the conformance suite: it lists types, and this answers."""
import json, subprocess, sys

case, base = sys.argv[1], sys.argv[2:]
command = ["bpftool", "-j", *(["-B", base[0]] if base else []), "btf", "dump", "file", case]
ran = subprocess.run(command, stdout=subprocess.PIPE)
if ran.returncode < 0:  # a signal; it exits 255 where it refuses
    sys.exit(99)
try:
    listed = json.loads(ran.stdout.decode("latin-1"), strict=False)
    types = {t["id"]: t for t in listed["types"]}
except (ValueError, KeyError):
    types = None
if ran.returncode or types is None:
    sys.exit(ran.stdout.decode("latin-1")[-200:] or 1)  # which is 1 and says why


def answer(ask, id=0, name=""):
    t = types.get(id)
    if ask == "ids" and not base:  # of a split it lists the split's own types alone
        return [i for i in types if types[i]["name"] == name and "_TAG" not in types[i]["kind"]]
    if ask == "count":
        return max(types, default=0) + 1 if types else None
    if t is None:
        return None
    if ask in ("kind", "size"):
        return t.get(ask)
    if ask == "name":
        return "" if t["name"] == "(anon)" else t["name"]
    if ask == "target":
        return t.get("type_id", t.get("ret_type_id"))
    for e in t.get("members" if ask in ("offset", "bits") else "values", []):
        if e["name"] == name:
            return {"offset": e.get("bits_offset"), "bits": e.get("bitfield_size", 0),
                    "value": str(e.get("val"))}[ask]


print(json.dumps([answer(**q) for q in json.load(sys.stdin)]))
