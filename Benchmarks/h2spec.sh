#!/usr/bin/env bash
# Plays h2spec (https://github.com/summerwind/h2spec; H2SPEC=path) against this proxy before nginx, over TLS and in the clear.
#
#   Benchmarks/h2spec.sh [ignored]      PROXY=path of the proxy that Benchmarks/gateway builds
#
# In the clear one case fails on purpose: whoever does not begin with HTTP/2 is answered in HTTP/1.1, not with GOAWAY.
set -euo pipefail
cd "$(dirname "$0")"
h2spec=${H2SPEC:-$(command -v h2spec || true)}
[ -x "$h2spec" ] || { echo "h2spec is missing: name it with H2SPEC"; exit 2; }
command -v nginx >/dev/null || { echo "nginx is missing: apt install nginx-light"; exit 2; }
source support/processes.sh
build_proxy
files=$(port); up=$(port); plain=$(port); secure=$(port)
mkdir -p "$run/www"; echo body >"$run/www/body"
# The first server reads a request whole before it passes it on, so that no answer overtakes a request that is wrong at its end.
cat >"$run/nginx.conf" <<C
worker_processes 1; daemon off; pid $run/pid; error_log $run/error.log crit;
events { worker_connections 512; }
http { access_log off; proxy_temp_path $run/t; client_body_temp_path $run/b;
  server { listen 127.0.0.1:$files; root $run/www; error_page 405 =200 \$uri; }
  server { listen 127.0.0.1:$up; location / { proxy_pass http://127.0.0.1:$files; } } }
C
nginx -c "$run/nginx.conf" & started+=($!)
"$proxy" "127.0.0.1:$plain" "127.0.0.1:$up" 1 & started+=($!)
"$proxy" "127.0.0.1:$secure" "127.0.0.1:$up" 1 tls & started+=($!)
for _ in $(seq 100); do curl -skf -o /dev/null "https://127.0.0.1:$secure/body" && break; sleep 0.1; done
"$h2spec" -t -k -h 127.0.0.1 -p "$secure" -P /body >"$run/secure" || true
"$h2spec" -h 127.0.0.1 -p "$plain" -P /body >"$run/plain" || true
grep -hE "×|Expected:|Actual:" "$run/secure" || true
echo "h2spec tls: $(tail -n 3 "$run/secure" | grep tests)"
echo "h2spec clear: $(tail -n 3 "$run/plain" | grep tests)"
