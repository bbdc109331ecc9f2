#!/usr/bin/env python3
"""Lists the public symbols of every library, one a line, in Docs/API/MODULE.txt.

    scripts/api.py            writes the listings
    scripts/api.py --check    compares, and says what differs

It reads the modules of the last debug build, so build first: `make api` does. A change of the public surface is then a
line of the diff.
"""
import argparse
import difflib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
LISTINGS = ROOT / "Docs" / "API"
# What every type conforms to unless it says otherwise tells nothing.
IMPLICIT = {"Copyable", "Escapable", "SendableMetatype", "BitwiseCopyable"}


def libraries():
    """The library products and where the Swift compiler puts their modules."""
    package = json.loads(subprocess.run(
        ["swift", "package", "dump-package"], cwd=ROOT, check=True, capture_output=True).stdout)
    names = sorted(p["name"] for p in package["products"] if "library" in p["type"])
    binaries = subprocess.run(
        ["swift", "build", "--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    return names, pathlib.Path(binaries)


def target_triple():
    info = subprocess.run(["swiftc", "-print-target-info"], check=True, capture_output=True).stdout
    return json.loads(info)["target"]["unversionedTriple"]


def system_folders():
    """Where headers of system libraries lie that the compiler does not look for by itself, as pkg-config tells."""
    named = re.findall(r'pkgConfig: "([^"]+)"', (ROOT / "Package.swift").read_text())
    told = [subprocess.run(["pkg-config", "--cflags-only-I", n], capture_output=True, text=True).stdout for n in named]
    return [pathlib.Path(word[2:]) for text in told for word in text.split()]


def symbol_graphs(module, binaries, triple):
    """The graphs of a module: its own, and one for each module whose types it extends."""
    folders = [binaries / "Modules"] + [m.parent for m in sorted(ROOT.glob("Sources/*/*/module.modulemap"))]
    folders += [m.parent for m in sorted(ROOT.glob(".build/checkouts/*/Sources/**/module.modulemap"))]
    folders += system_folders()
    generated = [f"-fmodule-map-file={m}" for m in sorted(binaries.glob("*.build/module.modulemap"))]
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            ["swift", "symbolgraph-extract", "-module-name", module, "-target", triple]
            + [word for folder in folders for word in ("-I", str(folder))]
            + [word for option in generated for word in ("-Xcc", option)]
            + ["-minimum-access-level", "public", "-skip-synthesized-members", "-output-dir", folder],
            cwd=ROOT, capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(f"the symbols of {module} cannot be read; is there a debug build? (make api makes one)\n{run.stderr}")
        return [json.loads(f.read_text()) for f in sorted(pathlib.Path(folder).glob("*.json"))]


def conformances(graph):
    found = {}
    for relation in graph["relationships"]:
        if relation["kind"] in ("conformsTo", "inheritsFrom"):
            name = relation.get("targetFallback", relation["target"]).split(".", 1)[-1]
            if name not in IMPLICIT:
                found.setdefault(relation["source"], set()).add(name)
    return found


def lines(module, binaries, triple):
    result = set()
    for graph in symbol_graphs(module, binaries, triple):
        names = {s["identifier"]["precise"]: ".".join(s["pathComponents"]) for s in graph["symbols"]}
        conforms = conformances(graph)
        for symbol in graph["symbols"]:
            path = ".".join(symbol["pathComponents"])
            text = " ".join("".join(f["spelling"] for f in symbol["declarationFragments"]).split())
            generics = symbol.get("swiftExtension", {}).get("constraints", [])
            where = ", ".join(f"{c['lhs']} {'==' if c['kind'] == 'sameType' else ':'} {c['rhs']}" for c in generics)
            line = f"{path}    {text}"
            if where and " where " not in text:
                line += f" where {where}"
            protocols = sorted(names.get(n, n) for n in conforms.get(symbol["identifier"]["precise"], ()))
            if protocols and symbol["kind"]["identifier"] != "swift.protocol":
                line += f"    : {', '.join(protocols)}"
            result.add(line)
    return sorted(result)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with what is checked in, change nothing")
    check = parser.parse_args().check
    names, binaries = libraries()
    triple = target_triple()
    wanted = {f"{name}.txt": "\n".join(lines(name, binaries, triple)) + "\n" for name in names}
    there = {f.name: f.read_text() for f in LISTINGS.glob("*.txt")}
    if check:
        changed = [n for n in sorted(wanted.keys() | there.keys()) if wanted.get(n) != there.get(n)]
        for name in changed:
            sys.stdout.writelines(l + "\n" for l in difflib.unified_diff(
                there.get(name, "").splitlines(), wanted.get(name, "").splitlines(),
                f"Docs/API/{name}", "the sources", n=0, lineterm=""))
        if changed:
            sys.exit("the public surface differs from Docs/API: run `make api` and look at the difference")
        print(f"{len(wanted)} modules, {sum(t.count(chr(10)) for t in wanted.values())} public symbols, as listed")
        return
    LISTINGS.mkdir(exist_ok=True)
    for name in there.keys() - wanted.keys():
        (LISTINGS / name).unlink()
    for name, text in wanted.items():
        (LISTINGS / name).write_text(text)
    print(f"wrote {len(wanted)} listings with {sum(t.count(chr(10)) for t in wanted.values())} public symbols")


if __name__ == "__main__":
    main()
