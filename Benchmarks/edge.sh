#!/usr/bin/env bash
# Plays wrk through this edge cache, nginx, HAProxy and Varnish, all before the same origin, one after the other, in rounds; prints the
# median CPU time per hit (user + system of the cache's process), throughput and latency of each, and idle memory of ours.
#
#   Benchmarks/edge.sh [ignored]      ROUNDS=5 SECONDS_EACH=3 CONNECTIONS=64 BODY=1024 LOOPS=1
#   Peers that are missing are left out. EDGE=path/to/edge: a binary that was built before.
set -euo pipefail
cd "$(dirname "$0")"
rounds=${ROUNDS:-5} each=${SECONDS_EACH:-3} connections=${CONNECTIONS:-64} body=${BODY:-1024} loops=${LOOPS:-1}
command -v wrk >/dev/null || { echo "wrk is missing: apt install wrk nginx-light haproxy varnish"; exit 2; }
command -v nginx >/dev/null || { echo "nginx is missing: apt install nginx-light"; exit 2; }
source support/processes.sh
edge=${EDGE:-}
if [ -z "$edge" ]; then
    build_proxy
    edge=$scratch/release/edge
fi
origin=$(port); ours=$(port); nginx_port=$(port); haproxy_port=$(port); varnish_port=$(port)
path=/body headers=()
mkdir -p "$run/www" "$run/origin" "$run/nginx" "$run/varnish"
chmod 777 "$run/nginx" "$run/varnish"
python3 -c "print('x' * ($body - 1))" >"$run/www/body"
cat >"$run/origin.conf" <<C
worker_processes 1; daemon off; pid $run/origin/pid; error_log $run/origin/error.log crit;
events { worker_connections 8192; }
http { access_log off; keepalive_timeout 300;
  server { listen 127.0.0.1:$origin; root $run/www; add_header Cache-Control max-age=86400; } }
C
cat >"$run/nginx.conf" <<C
worker_processes $loops; daemon off; pid $run/nginx/pid; error_log $run/nginx/error.log crit;
events { worker_connections 8192; }
http { access_log off; keepalive_requests 1000000000; keepalive_timeout 300; tcp_nodelay on; sendfile on; open_file_cache max=1024;
  proxy_temp_path $run/nginx/t; client_body_temp_path $run/nginx/b;
  proxy_cache_path $run/nginx/c keys_zone=z:10m use_temp_path=off;
  server { listen 127.0.0.1:$nginx_port backlog=4096;
    location / { proxy_pass http://127.0.0.1:$origin; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_cache z; proxy_cache_lock on; proxy_cache_revalidate on; add_header X-Cache \$upstream_cache_status; } } }
C
cat >"$run/haproxy.cfg" <<C
global
  nbthread $loops
  maxconn 8192
cache c
  total-max-size 64
  max-object-size 1000000
defaults
  mode http
  option http-keep-alive
  timeout client 60s
  timeout server 60s
  timeout connect 5s
frontend f
  bind 127.0.0.1:$haproxy_port
  http-request cache-use c
  http-response cache-store c
  default_backend b
backend b
  server s 127.0.0.1:$origin
C
printf 'vcl 4.1;\nbackend b { .host = "127.0.0.1"; .port = "%s"; }\n' "$origin" >"$run/varnish.vcl"

await() {
    for _ in $(seq 100); do
        curl -sf -o /dev/null "http://127.0.0.1:$1$path" && return
        sleep 0.1
    done
    echo "nothing answers on port $1"; cat "$run"/*.log; exit 1
}
declare -A pids ports
start nginx -c "$run/origin.conf"; await "$origin"
start "$edge" "127.0.0.1:$ours" "127.0.0.1:$origin" "$loops"; pids[ours]=$last; ports[ours]=$ours
start nginx -c "$run/nginx.conf"; pids[nginx]=$last; ports[nginx]=$nginx_port
if command -v haproxy >/dev/null; then
    start haproxy -f "$run/haproxy.cfg"; pids[haproxy]=$last; ports[haproxy]=$haproxy_port
fi
if command -v varnishd >/dev/null; then
    start varnishd -F -n "$run/varnish" -a "127.0.0.1:$varnish_port" -f "$run/varnish.vcl" -s malloc,64m -t 86400
    pids[varnish]=$last; ports[varnish]=$varnish_port
fi
names=(); for name in ours nginx haproxy varnish; do [ -n "${ports[$name]:-}" ] && names+=("$name"); done
await "$ours"
idle=$(awk '/VmRSS/ { printf "%.1f", $2 / 1024 }' "/proc/${pids[ours]}/status")
for name in "${names[@]}"; do await "${ports[$name]}"; done

play_rounds
python3 - "$run/results" "$body" "$loops" "$idle" <<'P'
import statistics, sys
rows = {}
for line in open(sys.argv[1]):
    name, *values = line.split()
    rows.setdefault(name, []).append([float(v) for v in values])
median = {name: [statistics.median(column) for column in zip(*values)] for name, values in rows.items()}
print(f"{'cache':10} {'CPU µs/hit':>11} {'min':>6} {'max':>6} {'req/s':>9} {'p50 µs':>8} {'p99 µs':>8}   ({sys.argv[2]} bytes, {sys.argv[3]} loop)")
for name, (cpu, rate, p50, p99) in median.items():
    low, high = min(r[0] for r in rows[name]), max(r[0] for r in rows[name])
    print(f"{name:10} {cpu:11.2f} {low:6.2f} {high:6.2f} {rate:9.0f} {p50:8.0f} {p99:8.0f}")
keys = [f"hit_vs_{n}={median[n][0] / median['ours'][0]:.2f}" for n in ("nginx", "haproxy", "varnish") if n in median]
print("edge", *keys, f"cpu_us={median['ours'][0]:.2f}", f"idle_mib={sys.argv[4]}")
P
