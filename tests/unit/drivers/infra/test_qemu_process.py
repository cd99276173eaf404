"""With a real process that holds its pid file as QEMU does."""

import os
import subprocess
import sys

import pytest

from servicevm.drivers.infra import qemu_process

HOLDER = """
import fcntl, os, struct, sys, time
handle = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
lock = struct.pack("hhxxxxqqixxxx", fcntl.F_WRLCK, 0, 0, 0, 0)
fcntl.fcntl(handle, fcntl.F_OFD_SETLK, lock)
os.write(handle, b"%d\\n" % os.getpid())
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def pid_file(tmp_path):
    return tmp_path / "pid"


@pytest.fixture
def holder(pid_file):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(pid_file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "ready\n"
        yield process
        process.stdin.close()


def test_a_living_process_is_found(holder, pid_file) -> None:
    pid, pidfd = qemu_process.find(pid_file)
    os.close(pidfd)
    assert pid == holder.pid
    assert qemu_process.alive(pid_file)


def test_a_pid_that_is_anothers_now_is_never_touched(pid_file) -> None:
    pid_file.write_text(f"{os.getpid()}\n")
    assert qemu_process.find(pid_file) is None
    assert not qemu_process.alive(pid_file)
    assert qemu_process.kill(pid_file, 1)


@pytest.mark.parametrize("text", [None, "", "x", "999999999"])
def test_no_process_is_found_by_a_bad_pid_file(pid_file, text) -> None:
    if text is not None:
        pid_file.write_text(text)
    assert qemu_process.find(pid_file) is None


def test_a_process_is_killed_and_gone_when_it_is_said(
    holder, pid_file
) -> None:
    assert qemu_process.kill(pid_file, 10)
    assert not qemu_process.alive(pid_file)
    assert not os.path.exists(f"/proc/{holder.pid}/exe")


def test_a_started_process_gets_its_files_and_a_session(tmp_path) -> None:
    read, write = os.pipe()
    (number,) = qemu_process.targets([write])
    log = tmp_path / "log"
    code = (
        f"import os; os.write({number}, b'%d' % os.getsid(0)); print('words')"
    )
    pid = qemu_process.spawn([sys.executable, "-c", code], [write], log)
    os.close(write)
    assert os.read(read, 100) == b"%d" % pid
    os.close(read)
    os.waitpid(pid, 0)
    assert log.read_text() == "words\n"
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_control_socket_may_lie_deep(tmp_path) -> None:
    deep = tmp_path
    while len(str(deep)) < 150:
        deep = deep / "folder-with-a-name"
    deep.mkdir(parents=True)
    path = deep / "qmp.sock"
    with (
        qemu_process.listen(path) as listener,
        qemu_process.connect(path, 5) as client,
    ):
        server, _ = listener.accept()
        with server:
            server.sendall(b"hello")
            assert client.recv(10) == b"hello"
