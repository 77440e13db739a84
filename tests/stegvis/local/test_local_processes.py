"""The supervisor: children are started, watched, and ended in every way that it can end itself."""

import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from stegvis.local.home import LocalError
from stegvis.local.processes import Supervisor, alive, free_port, require_free_port, tail, wait_until

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]

# A child that starts a child of its own, notes both numbers and does not mind SIGTERM.
STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open(sys.argv[1] + ".new", "w") as out:
    print(os.getpid(), child.pid, file=out)
os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(600)
"""

PARENT = """
import sys
from pathlib import Path
from stegvis.local.processes import Supervisor
with Supervisor(Path(sys.argv[1])) as supervisor:
    print(supervisor.start("ett", ["sleep", "600"]), supervisor.start("två", ["sleep", "600"]), flush=True)
    supervisor.watch()
"""


@pytest.fixture
def supervisor(tmp_path):
    with Supervisor(tmp_path, grace=0.5) as one:
        yield one


def test_leaving_ends_children_of_children_that_refuse(tmp_path):
    note = tmp_path / "nummer"
    with Supervisor(tmp_path, grace=0.2) as supervisor:
        supervisor.start("envis", [sys.executable, "-c", STUBBORN, str(note)], ready=note.exists)
        pids = [int(word) for word in note.read_text().split()]
        assert [alive(pid) for pid in pids] == [True, True]
    assert wait_until(lambda: [alive(pid) for pid in pids] == [False, False], 5)


def test_a_child_gets_just_the_environment_it_is_given_and_no_terminal(supervisor, tmp_path):
    told = "import os; print(sorted(os.environ), os.getsid(0) == os.getpid(), end=' ')\n"
    told += "print(os.readlink('/proc/self/fd/0'), flush=True)"
    supervisor.start(
        "barn",
        [sys.executable, "-I", "-c", told + "\nimport time; time.sleep(600)"],
        env={"LC_ALL": "C.UTF-8", "PROV": "1"},
        ready=lambda: supervisor.log("barn").read_text() != "",
    )
    assert supervisor.log("barn").read_text() == "['LC_ALL', 'PROV'] True /dev/null\n"


def test_early_death_shows_the_end_of_the_log(supervisor):
    dying = [sys.executable, "-c", "print(*range(100), sep='\\n'); raise SystemExit(3)"]
    with pytest.raises(LocalError) as raised:
        supervisor.start("kort", dying, ready=lambda: False)
    lines = str(raised.value).splitlines()
    assert lines[0].startswith("kort har avslutats i förtid.")
    assert [line.strip() for line in lines[1:]] == [str(number) for number in range(85, 100)]


def test_a_child_that_is_never_ready_is_told(supervisor):
    with pytest.raises(LocalError, match=r"trög blev inte klar inom 0.2 sekunder"):
        supervisor.start("trög", SLEEP, ready=lambda: False, patience=0.2)


def test_a_program_that_is_not_there_is_told(supervisor):
    with pytest.raises(LocalError, match=r"saknad har avslutats i förtid(.|\n)*finns-inte: No such file"):
        supervisor.start("saknad", ["/finns-inte"], ready=lambda: False)


def test_watching_notices_a_child_that_dies(supervisor):
    supervisor.start("lever", SLEEP)
    pid = supervisor.start("dör", SLEEP)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(LocalError, match=r"^dör har avslutats i förtid"):
        supervisor.watch()


@pytest.mark.parametrize(
    ("ending", "code"),
    [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGKILL, -9)],
)
def test_however_the_parent_ends_so_do_the_children(tmp_path, spawn, ending, code):
    parent = spawn(PARENT, tmp_path)
    pids = [int(word) for word in parent.stdout.readline().split()]
    assert len(pids) == 2
    # The wrapper asks the kernel for its end before it becomes the program: wait for that.
    assert wait_until(lambda: {Path(f"/proc/{pid}/comm").read_text() for pid in pids} == {"sleep\n"}, 10)
    parent.send_signal(ending)
    parent.communicate(timeout=30)
    assert parent.returncode == code
    assert wait_until(lambda: [alive(pid) for pid in pids] == [False, False], 5)


def test_a_busy_port_is_a_sentence():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert free_port(port) is False
        with pytest.raises(LocalError, match=f"^Port {port} används redan"):
            require_free_port(port)
    assert free_port(port) is True
    require_free_port(port)


def test_tail_of_a_log(tmp_path):
    assert tail(tmp_path / "saknas") == ""
    (tmp_path / "logg").write_bytes(b"x" * 200_000 + b"\nett\ntv\xc3\xa5\xff\n")
    assert tail(tmp_path / "logg", 2) == "    ett\n    två\ufffd"


def test_waiting_gives_up():
    before = time.monotonic()
    assert wait_until(lambda: False, 0.05) is False
    assert time.monotonic() >= before + 0.05
    assert wait_until(lambda: True, 0) is True
