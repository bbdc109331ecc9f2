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

# Starts a server with its output in the run's directory; `last` is its process id.
start() { "$@" >"$run/$(basename "$1").log" 2>&1 & started+=($!); last=$!; }

# Ticks of user and system time of a process and its children (nginx works in one).
cpu() {
    local all="$1 $(pgrep -P "$1" || true)" sum=0 pid
    for pid in $all; do sum=$((sum + $(awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$pid/stat"))); done
    echo "$sum"
}

# Plays wrk through everything that `names`, `pids` and `ports` tell of, in rounds (`rounds`, `each`, `connections`, `path`,
# `headers`), and appends a line for each to "$run/results": name, CPU µs a request, requests a second, p50 and p99 in µs.
play_rounds() {
    local hertz round name before after
    hertz=$(getconf CLK_TCK)
    for round in $(seq 0 "$rounds"); do
        for name in "${names[@]}"; do
            before=$(cpu "${pids[$name]}")
            wrk -t1 -c"$connections" -d"${each}s" --latency "${headers[@]}" "http://127.0.0.1:${ports[$name]}$path" >"$run/wrk"
            after=$(cpu "${pids[$name]}")
            # The first round warms up.
            [ "$round" -gt 0 ] && python3 - "$name" "$run/wrk" "$((after - before))" "$hertz" >>"$run/results" <<'P'
import re, sys
name, path, ticks, hertz = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
text = open(path).read()
unit = {"us": 1, "ms": 1e3, "s": 1e6}
latency = lambda p: (lambda m: float(m[1]) * unit[m[2]])(re.search(rf"{p}%\s+([\d.]+)(us|ms|s)", text))
count = int(re.search(r"(\d+) requests in", text)[1])
rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
errors = re.search(r"Socket errors: (.*)", text)
if bad or errors: print("refused", name, bad and bad[0], errors and errors[0], file=sys.stderr)
print(name, ticks / hertz * 1e6 / count, rate, latency(50), latency(99))
P
        done
    done
}
