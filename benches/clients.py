"""The clients that are measured, the servers they talk to, and one run of one client."""
import json
import os
import shlex
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGET = Path(os.environ.get("BENCH_TARGET", HERE / "target"))
#: Processors for both ends in `rate`: on one processor a message costs the work done for it; on two, in a
#: virtual machine, mostly the wake-up of the other. Empty: wherever the kernel likes.
PIN = os.environ.get("PIN", "0")
PY = os.environ.get("BENCH_PYTHON", str(TARGET / "venv/bin/python"))
#: From Postfix; they may live where only root's PATH looks.
SMTP_SOURCE = os.environ.get("SMTP_SOURCE") or shutil.which("smtp-source") or "smtp-source"
SMTP_SINK = os.environ.get("SMTP_SINK") or shutil.which("smtp-sink") or "smtp-sink"


def program(name):
    return str(TARGET / "release" / name)


FLOOR = program("wirefloor")
OURS = shlex.split(os.environ.get("BENCH_OURS", program("ours")))
#: name -> argument vector before the common options. A line more is a client more.
PEERS = {
    "floor-lockstep": [FLOOR, "--mode", "lockstep"],
    "floor-pipelined": [FLOOR, "--mode", "pipelined"],
    "floor-overlap": [FLOOR, "--mode", "overlap"],
    "floor-bdat": [FLOOR, "--mode", "bdat"],
    "floor-window8": [FLOOR, "--mode", "window", "--window", "8"],
    "ours": OURS,
    "smtp-source": [SMTP_SOURCE],
    "lettre": [program("peer-lettre"), "--mode", "raw"],
    "lettre-nodelay": [program("peer-lettre"), "--mode", "raw", "--nodelay"],
    "lettre-pool": [program("peer-lettre"), "--mode", "pool"],
    "mail-send": [program("peer-mail-send")],
    "mail-send-nodelay": [program("peer-mail-send"), "--nodelay"],
    "mail-send-hand": [program("peer-mail-send"), "--pipelining", "--bdat", "--nodelay"],
    "async-smtp": [program("peer-async-smtp"), "--pipelining"],
    "async-smtp-nodelay": [program("peer-async-smtp"), "--pipelining", "--nodelay"],
    "nodemailer": ["node", str(HERE / "peers/nodemailer/bench.mjs")],
    "nodemailer-pool": ["node", str(HERE / "peers/nodemailer/bench.mjs"), "--mode", "pool"],
    "aiosmtplib": [PY, str(HERE / "peers/aiosmtplib/bench.py")],
}
for name, options in json.loads(Path(os.environ.get("BENCH_OURS_VARIANTS", HERE / "variants.json")).read_text()).items():
    # One that is a program of its own begins with the program's name.
    PEERS[name] = OURS + options if options[0].startswith("--") else [program(options[0]), *options[1:]]


def native(peer):
    """Whether it is a program of its own and not a script."""
    return not peer.startswith(("nodemailer", "aiosmtplib"))


def speaks_tls(peer):
    """Whether it has a switch for STARTTLS and a connection that stays: the floor and smtp-source have none."""
    return not peer.startswith(("floor", "smtp-source"))


def set_up_alone(peer):
    """Whether it differs from another variant in its set-up alone."""
    return "-chunks" in peer


procs = []


def pinned():
    return ["taskset", "-c", PIN] if PIN else []


def start(argv, **kw):
    p = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **kw)
    procs.append(p)
    return p


def stop(p):
    p.kill()
    p.wait()
    if p in procs:
        procs.remove(p)


def with_port(argv):
    with tempfile.TemporaryDirectory() as d:
        f = Path(d) / "port"
        p = start(argv + ["--port-file", str(f)])
        for _ in range(200):
            if f.exists() and f.read_text():
                return p, int(f.read_text())
            time.sleep(0.02)
    raise SystemExit(f"{argv[0]} did not start")


def sink(*opts, pin=False):
    return with_port((pinned() if pin else []) + [program("sink"), "--listen", "127.0.0.1:0", *opts])


def smtp_sink():
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
    s.close()
    p = start(pinned() + [SMTP_SINK, "-u", "nobody", f"127.0.0.1:{port}", "1000"])
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return p, port
        except OSError:
            time.sleep(0.05)
    raise SystemExit("smtp-sink did not start")


def stats(port, reset=True, tls=False):
    s = socket.create_connection(("127.0.0.1", port))
    if tls:
        # The certificate of a sink is self-signed.
        s = ssl._create_unverified_context().wrap_socket(s)
    f = s.makefile("rwb")
    f.readline()
    f.write(b"XSTAT\r\n")
    f.flush()
    r = json.loads(f.readline()[4:])
    if reset:
        f.write(b"XRESET\r\n")
        f.flush()
        f.readline()
    f.write(b"QUIT\r\n")
    f.flush()
    f.readline()
    s.close()
    r["connections"] -= 1
    r["commands"] -= 1
    r["reads"] -= 1
    r["tls"] -= tls
    return r


def argv_for(peer, port, messages=1, rcpts=1, size=2048, connections=1, kind="typical", reuse=True, more=()):
    if peer == "smtp-source":
        a = [SMTP_SOURCE, "-s", str(connections), "-m", str(messages), "-l", str(size), "-r", str(rcpts),
             "-f", "sender@example.org", "-t", "rcpt@example.net"]
        return a + (["-d"] if reuse else []) + [f"127.0.0.1:{port}"]
    a = PEERS[peer] + ["--addr", f"127.0.0.1:{port}", "--messages", str(messages), "--rcpts", str(rcpts), "--size", str(size),
                       "--connections", str(connections), "--kind", kind]
    return a + (["--reuse"] if reuse else []) + list(more)


def run(peer, port, timeout=180, prefix=(), **kw):
    """One run: the client's own JSON, plus the process's rusage and wall time."""
    a = list(prefix) + argv_for(peer, port, **kw)
    t = time.perf_counter()
    p = subprocess.Popen(a, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    procs.append(p)
    late = threading.Timer(timeout, p.kill)
    late.start()
    try:
        out = p.stdout.read()
        err = p.stderr.read()
        _, status, ru = os.wait4(p.pid, 0)
        p.returncode = 0
    finally:
        late.cancel()
        procs.remove(p)
    wall = time.perf_counter() - t
    if status == 9 and wall >= timeout:
        return {"error": "timeout"}
    if status:
        return {"error": " ".join(err.strip().splitlines()[:2] or ["exit " + str(status)])[:160]}
    line = [l for l in out.splitlines() if l.startswith("{")]
    r = json.loads(line[-1]) if line else {}
    r.update(wall=wall, user=ru.ru_utime, sys=ru.ru_stime, rss_kb=ru.ru_maxrss, stderr=err)
    # smtp-source reports nothing itself; its start-up is negligible.
    r.setdefault("send_s", wall)
    r.setdefault("connect_s", 0.0)
    r.setdefault("send_user_s", ru.ru_utime)
    r.setdefault("send_sys_s", ru.ru_stime)
    return r
