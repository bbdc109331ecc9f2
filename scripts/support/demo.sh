# Sourced: starts a demo platform on free ports for as long as the script runs. Leaves $url, and $work for its files.
work=$(mktemp -d)
platform=""

stop_demo() {
    if [ -n "$platform" ]; then
        kill -TERM "$platform" 2>/dev/null || true
        wait "$platform" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap stop_demo EXIT

# start_demo BINARY: returns when it is ready. Its passwords are hashed cheaply, so that the time is spent on requests.
start_demo() {
    : >"$work/out"
    MAINSTAY_PASSWORDS_MEMORY=64 "$1" up --data "$work/data" --port 0 --demo >"$work/out" 2>"$work/err" &
    platform=$!
    for _ in $(seq 300); do
        grep -q '^ready ' "$work/out" && break
        kill -0 "$platform" 2>/dev/null || { cat "$work/err" >&2; exit 1; }
        sleep 0.1
    done
    url=$(sed -n 's/^ready //p' "$work/out")
}
