"""An agent for the driver's tests: does on the guest what a test asks.

One JSON object a line, over the virtio-serial port, each way.
"""

import glob
import json
import os
import signal
import socket
import struct
import subprocess
import threading
import time

NAME = "org.servicevm.agent.0"


def find_port():
    while True:
        for path in glob.glob("/sys/class/virtio-ports/*/name"):
            with open(path) as file:
                if file.read().strip() == NAME:
                    return "/dev/" + path.split("/")[-2]
        time.sleep(0.01)


def lines(port):
    data = b""
    while True:
        more = os.read(port, 4096)
        if not more:
            time.sleep(0.05)  # nobody is connected on the host
            data = b""
            continue
        data += more
        while b"\n" in data:
            line, _, data = data.partition(b"\n")
            yield json.loads(line)


def network(address):
    for command in (
        ["addr", "add", address + "/24", "dev", "eth0"],
        ["link", "set", "eth0", "up"],
    ):
        subprocess.run(["ip", *command], check=True)
    return True


def connect(address, port):
    """Whether a plain connection succeeds."""
    try:
        socket.create_connection((address, port), timeout=3).close()
    except OSError as error:
        return str(error)
    return "connected"


def socks(address, port):
    """What the first bytes of a peer reached through the proxy are."""
    with socket.create_connection(("10.0.2.100", 1080), timeout=10) as link:
        link.sendall(
            struct.pack(">BBH", 4, 1, port) + socket.inet_aton(address) + b"\0"
        )
        answer = link.recv(8)[1:2]
        if answer != b"\x5a":
            return "refused" if answer == b"\x5b" else "closed"
        return link.recv(100).decode()


def listen(port):
    server = socket.create_server(("", port))

    def serve():
        while True:
            client, _ = server.accept()
            with client:
                client.sendall(b"guest\n")

    threading.Thread(target=serve, daemon=True).start()
    return True


def console(count):
    with open("/dev/console", "w") as file:
        for number in range(count):
            file.write(f"console line {number}\n")
    return True


def keep(text):
    """Write to the state disk; return what was there before."""
    path = "/state/kept"
    before = None
    if os.path.exists(path):
        with open(path) as file:
            before = file.read()
    with open(path, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return before


def mounts():
    with open("/proc/mounts") as file:
        return file.read()


def poweroff():
    os.kill(1, signal.SIGTERM)
    return True


def panic():
    with open("/proc/sysrq-trigger", "w") as file:
        file.write("c")


METHODS = {
    one.__name__: one
    for one in (
        network,
        connect,
        socks,
        listen,
        console,
        keep,
        mounts,
        poweroff,
        panic,
    )
}


def main():
    port = os.open(find_port(), os.O_RDWR)
    os.write(port, b'"ready"\n')
    for name, *arguments in lines(port):
        answer = METHODS[name](*arguments)
        os.write(port, json.dumps(answer).encode() + b"\n")
