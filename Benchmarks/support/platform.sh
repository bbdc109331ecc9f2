# For suites: starts and stops the platform of $binary. Sourced after `work` and `binary` are set.

platform=""
data=""

stop() {
    if [ -n "$platform" ]; then
        # Under a tracer the platform is its child, which has written its id down.
        kill -TERM "$(process)" 2>/dev/null || true
        wait "$platform" 2>/dev/null || true
    fi
    platform=""
}
trap 'stop; rm -rf "$work"' EXIT

# The id of the platform's own process.
process() { jq .pid "$data/instance.json" 2>/dev/null || echo "$platform"; }

# start DIRECTORY [TRACER…]: starts the platform on it; leaves $platform, $url and $start_ms.
start() {
    local began=$EPOCHREALTIME
    data=$1
    shift
    : >"$work/out"
    env -u MAINSTAY_URL "$@" "$binary" up --data "$data" --port 0 --demo >>"$work/out" 2>&1 &
    platform=$!
    python3 Benchmarks/ready.py "$platform" "$began" "$work/out" >"$work/ready"
    read -r url start_ms <"$work/ready"
}

# need TOOL…: installs what is missing.
need() {
    local tool sudo
    for tool in "$@"; do
        command -v "$tool" >/dev/null && continue
        echo "installing $tool"
        sudo=$([ "$(id -u)" -eq 0 ] || echo sudo)
        $sudo apt-get install -y -qq --no-install-recommends "$tool" >/dev/null
    done
}

# load CLIENTS SECONDS: the result as JSON in $work/load.
load() { "$binary" load --url "$url" --clients "$1" --seconds "$2" --json >"$work/load"; }
