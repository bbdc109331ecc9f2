#!/usr/bin/env bash
# What reading and forwarding one request head costs: nanoseconds of user time, and allocations per head.
set -euo pipefail
cd "$(dirname "$0")/wire"
scratch="${TMPDIR:-/tmp}/mainstay-wirebench"
mkdir -p "$scratch"
cat >"$scratch/count.c" <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
static unsigned long calls;
static void *(*next)(size_t);
void *malloc(size_t size) {
    if (!next) next = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
    calls++;
    return next(size);
}
__attribute__((destructor)) static void report(void) { fprintf(stderr, "%lu\n", calls); }
C
"${CC:-cc}" -shared -fPIC -O2 -o "$scratch/count.so" "$scratch/count.c" -ldl
swift build -c release --scratch-path "$scratch/build" >/dev/null
bench="$scratch/build/release/wirebench"
few=$(LD_PRELOAD="$scratch/count.so" "$bench" 1000 2>&1 >/dev/null)
many=$(LD_PRELOAD="$scratch/count.so" "$bench" 101000 2>&1 >/dev/null)
line=$("$bench")
echo "$line allocations=$(((many - few) / 1000000))"
