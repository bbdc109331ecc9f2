#!/usr/bin/env bash
# Checks that what must not compile does not compile, and for the reason that is meant.
# Usage: scripts/compile-fail.sh [MODULES]   (default: .build/debug/Modules, made by `swift build --build-tests`)
#
# Each file in scripts/compile-fail begins with `// error: TEXT`: the compiler must refuse it with this text. A file that
# begins with `// compiles` must be accepted: it shows that the others fail for no other reason.
set -euo pipefail
cd "$(dirname "$0")/.."
modules=${1:-.build/debug/Modules}
# The system libraries that modules of ours stand on.
system=(-I Sources/Backends/CArgon2 -I Sources/Backends/CCrypt)
failures=0
for file in scripts/compile-fail/*.swift; do
    first=$(head -n 1 "$file")
    output=$(swiftc -typecheck -swift-version 6 -I "$modules" "${system[@]}" "$file" 2>&1) && accepted=yes || accepted=no
    case "$first" in
    "// compiles")
        if [ "$accepted" = no ]; then
            printf 'FAILED %s does not compile:\n%s\n' "$file" "$output"
            failures=$((failures + 1))
            continue
        fi
        ;;
    "// error: "*)
        if [ "$accepted" = yes ] || ! grep -qF "${first#// error: }" <<<"$output"; then
            printf 'FAILED %s should be refused with "%s":\n%s\n' "$file" "${first#// error: }" "$output"
            failures=$((failures + 1))
            continue
        fi
        ;;
    *)
        printf 'FAILED %s does not say in its first line what is expected\n' "$file"
        failures=$((failures + 1))
        continue
        ;;
    esac
    printf 'ok     %s\n' "$file"
done
[ "$failures" -eq 0 ]
