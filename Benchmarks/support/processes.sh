# For scripts that start servers on loopback: sourced, from the folder Benchmarks.
#
# Sets `scratch` (kept between runs), `run` (a directory of this run), `started` (process ids, ended on exit).

scratch="${TMPDIR:-/tmp}/mainstay-gatewaybench"
mkdir -p "$scratch"
run=$(mktemp -d)
chmod 755 "$run"
started=()

finish() {
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$run"
}
trap finish EXIT

# A port that nobody listens on.
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# Sets `proxy`: PROXY, else the bare proxy of the folder gateway, built.
build_proxy() {
    proxy=${PROXY:-$scratch/release/proxy}
    [ -n "${PROXY:-}" ] && return
    (cd gateway && swift build -c release --static-swift-stdlib --scratch-path "$scratch" >"$scratch/build.log" 2>&1) \
        || { tail "$scratch/build.log"; exit 1; }
}
