#!/usr/bin/env python3
"""A crowd at a proxy: idle keep-alive connections, busy ones, and a slow loris. Prints how much the resident set of PID grows, and what the loris does
to the latency of others (a closed loop of 32 connections).

    crowd.py PID PORT [PATH]      IDLE=10000 BUSY=2000 LORIS=1000 REQUESTS=20000
"""
import asyncio
import os
import resource
import sys
import time

PID, PORT = int(sys.argv[1]), int(sys.argv[2])
PATH = sys.argv[3] if len(sys.argv) > 3 else "/body"
REQUEST = f"GET {PATH} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
IDLE, BUSY, LORIS, REQUESTS = (
    int(os.environ.get(name, value)) for name, value in
    (("IDLE", 10000), ("BUSY", 2000), ("LORIS", 1000), ("REQUESTS", 20000)))


def resident():
    """MiB."""
    with open(f"/proc/{PID}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


async def answer(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"refused: {head[:80]}")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(length)


async def visit(count=1):
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    for _ in range(count):
        writer.write(REQUEST)
        await answer(reader)
    return reader, writer


async def crowd(count, requests):
    """Opens connections, a few hundred at a time, each with some requests."""
    visitors = []
    for start in range(0, count, 250):
        visitors += await asyncio.gather(*(visit(requests) for _ in range(min(250, count - start))))
    return visitors


async def ask(visitors, rounds):
    """Every connection has a request under way at the same time, again and again."""
    async def one(reader, writer):
        for _ in range(rounds):
            writer.write(REQUEST)
            await answer(reader)
    await asyncio.gather(*(one(*visitor) for visitor in visitors))


async def latencies():
    """Milliseconds, sorted."""
    took = []

    async def one():
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        for _ in range(REQUESTS // 32):
            began = time.perf_counter()
            writer.write(REQUEST)
            await answer(reader)
            took.append((time.perf_counter() - began) * 1000)
        writer.close()
    await asyncio.gather(*(one() for _ in range(32)))
    return sorted(took)


async def main():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    before = resident()
    idle = await crowd(IDLE, 1)
    with_idle = resident()
    busy = await crowd(BUSY, 1)
    asking = asyncio.create_task(ask(busy, 5))
    peak = 0.0
    while not asking.done():
        peak = max(peak, resident())
        await asyncio.sleep(0.01)
    await asking
    print(f"crowd idle={IDLE} busy={BUSY} before_mib={before:.0f} idle_mib={with_idle:.0f} peak_mib={max(peak, resident()):.0f}")
    for _, writer in idle + busy:
        writer.close()

    quiet = await latencies()
    loris = [await asyncio.open_connection("127.0.0.1", PORT) for _ in range(LORIS)]

    async def drip():
        for byte in b"GET / HTTP/1.1\r\nX-Slow: " + b"a" * 100_000:
            for _, writer in loris:
                writer.write(bytes([byte]))
            await asyncio.sleep(0.5)
    dripping = asyncio.create_task(drip())
    slowed = await latencies()
    dripping.cancel()
    p99 = lambda values: values[int(len(values) * 0.99)]
    print(f"loris connections={LORIS} p99_ms_without={p99(quiet):.2f} p99_ms_with={p99(slowed):.2f} ratio={p99(slowed) / p99(quiet):.2f}")


asyncio.run(main())
