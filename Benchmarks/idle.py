#!/usr/bin/env python3
"""Memory of idle keep-alive connections: opens COUNT connections to PORT, plays one request on each, and prints how many MiB the resident
set of PID has grown by per 1,000 of them.

    idle.py PID PORT COUNT [PATH]
"""
import resource
import socket
import sys


def resident(pid):
    """MiB."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


def main():
    pid, port, count = (int(argument) for argument in sys.argv[1:4])
    path = sys.argv[4] if len(sys.argv) > 4 else "/body"
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    before = resident(pid)
    connections = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        connections.append(connection)
        if not connection.recv(65536).startswith(b"HTTP/1.1 200"):
            sys.exit("an idle connection was refused")
    print(f"{(resident(pid) - before) * 1000 / count:.2f}")


main()
