#!/usr/bin/env python3
"""Measures SMTP clients side by side. README.md says what each section is. Standard library only."""
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from clients import FLOOR, HERE, PEERS, PIN, SMTP_SINK, TARGET
from clients import native, pinned, procs, program, run, set_up_alone, sink, smtp_sink, speaks_tls, stats, stop, with_port

OUT = Path(os.environ.get("BENCH_OUT", HERE / "out"))
ROUNDS = int(os.environ.get("ROUNDS", "5"))
#: One way, in milliseconds: the proxy's in `rtt`, netdelay's in `realtcp`.
DELAY = float(os.environ.get("DELAY_MS", "25"))
RTT = 2 * DELAY / 1e3
#: Clients at a time in `realtcp`.
JOBS = int(os.environ.get("JOBS", "3"))
SECTIONS = os.environ.get("SECTIONS", "verify,rtt,rate,large,insn,syscalls,idle").split(",")
#: Of `rtt` and `realtcp`, which have a second table each.
SECTIONS = [one for sec in SECTIONS for one in {"rtt": ["rtt", "setup"], "realtcp": ["realtcp", "realsetup"]}.get(sec, [sec])]


def save(section, data):
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{section}.json").write_text(json.dumps(data, indent=1))


def table(title, head, rows):
    text = f"\n### {title}\n\n| " + " | ".join(head) + " |\n|" + "---|" * len(head) + "\n"
    text += "".join("| " + " | ".join(str(c) for c in r) + " |\n" for r in rows)
    print(text, flush=True)
    with open(OUT / "report.md", "a") as f:
        f.write(text)


def mmm(v, fmt="{:.0f}"):
    v = sorted(v)
    return f"{fmt.format(statistics.median(v))} ({fmt.format(v[0])}–{fmt.format(v[-1])})"


def s_verify(peers):
    """Does the message arrive unchanged, with what envelope parameters, over how many connections."""
    s, port = sink("--verify", "--tls")
    rows, data = [], {}
    for kind in ("typical", "dots", "utf8"):
        for p in peers:
            if p == "smtp-source" or kind == "utf8" and not native(p):
                continue
            want = json.loads(subprocess.run([FLOOR, "--kind", kind, "--size", "4000", "--print-hash"], capture_output=True, text=True).stdout)
            stats(port)
            r = run(p, port, messages=8, size=4000, kind=kind)
            if "error" in r:
                rows.append([p, kind, r["error"], "", "", ""])
                continue
            st = stats(port)
            same = [(x["len"], x["hash"]) for x in st["seen"]] == [(want["len"], want["hash"])]
            what = "exact" if same else "changed: " + ", ".join(f"{x['len'] - want['len']:+d} bytes" for x in st["seen"])
            data[f"{p}/{kind}"] = st
            rows.append([p, kind, what, st["connections"], f"{st['reads'] / 8:.1f}", ", ".join(k or "none" for k in st["mail_params"])])
    stop(s)
    save("verify", data)
    table("Delivered bytes (8 messages of 4000 bytes, one task)", ["client", "body", "delivered", "connections opened", "server reads/message", "MAIL parameters"], rows)


SET_UP = ["TLS", "session", "client", "EHLO", "first message", "AUTH PLAIN", "first message after AUTH"]
#: How a session is secured: a name, the sink's options, the client's.
WAYS = [
    ("none", [], []),
    ("STARTTLS, TLS 1.3", ["--tls"], ["--starttls"]),
    ("STARTTLS, TLS 1.2", ["--tls", "--tls12"], ["--starttls"]),
    ("implicit, TLS 1.3", ["--implicit"], ["--implicit"]),
    ("implicit, TLS 1.2", ["--implicit", "--tls12"], ["--implicit"]),
]


def proxy(port):
    return with_port([program("latency-proxy"), "--listen", "127.0.0.1:0", "--to", f"127.0.0.1:{port}", "--delay-ms", f"{DELAY:.0f}"])


def s_setup(peers):
    """The second table of `rtt`."""
    title = f"Round trips from connecting until a reply, through a proxy of {DELAY:g} ms each way (add 1.5; implicit: 1)"
    table(title, SET_UP, set_up("setup", peers, 5, proxy))


def s_realsetup(peers):
    """The second table of `realtcp`."""
    title = f"Round trips from the TCP handshake until a reply, with the delay under TCP ({DELAY:g} ms each way)"
    table(title, SET_UP, set_up("realsetup", peers, JOBS))


def set_up(section, peers, jobs, far=lambda port: None):
    """Round trips from connecting until EHLO, AUTH PLAIN and a first message without and with it are answered, in the first session of
    a process and in a later one. `far` gives the port of a delay in front of a port. What the machine adds only makes a run longer:
    the shortest stands."""
    repeat = int(os.environ.get("REPEAT", "3"))

    def one(cell):
        (_, offers, asks), again, p = cell
        s, port = sink("--pipeconnect", *offers)
        px, pport = far(port) or (None, port)
        d = {}
        for k, more in ("ehlo", []), ("auth", ["--auth"]):
            v = [run(p, pport, messages=1, more=asks + more + (["--resume"] if again else [])) for _ in range(repeat)]
            v = [r for r in v if "error" not in r]
            if v:
                connect = min(r["connect_s"] for r in v)
                if connect > RTT / 2:  # otherwise it connects with its message
                    d[k] = connect / RTT
                d[f"{k}_first"] = min(r["connect_s"] + r["send_s"] for r in v) / RTT
        st = stats(port, tls="--implicit" in offers)
        # Two handshakes in a run that has a session before the one that is measured.
        d["resumed"] = bool(d) and st["resumed"] * 2 == st["tls"] > 0
        for q in filter(None, (px, s)):
            stop(q)
        return d

    # A pool connects inside its first message; the other variants left out differ in what follows it alone.
    peers = [p for p in peers if speaks_tls(p) and not p.endswith(("-pool", "-hand", "-window8", "mail-send-nodelay"))]
    # Nothing is remembered in the first session of a process.
    cells = [(way, again, p) for way in WAYS for again in (False, True) for p in peers if again or "--cache" not in PEERS[p]]
    with ThreadPoolExecutor(jobs) as ex:
        done = list(ex.map(one, cells))
    save(section, [{"way": way[0], "again": again, "client": p, **d} for (way, again, p), d in zip(cells, done)])
    f = lambda d, k: f"{d[k]:.2f}" if k in d else "–"
    return [[way[0], ("later, resumed" if d["resumed"] else "later") if again else "first", p, *(f(d, k) for k in ("ehlo", "ehlo_first", "auth", "auth_first"))]
            for (way, again, p), d in zip(cells, done)]


def s_rtt(peers):
    """Round trips: 25 ms each way through the proxy, elapsed / 50 ms."""
    rows, data = [], {}
    s, port = sink("--tls")
    px, pport = proxy(port)

    def one(p):
        d = {}
        # Two sizes of run; the difference is what a further message costs.
        for rc, (m1, m2) in {1: (8, 16), 10: (8, 16) if "window" in p else (2, 6), 100: (8, 16) if "window" in p else (1, 2)}.items():
            a, b = run(p, pport, messages=m1, rcpts=rc), run(p, pport, messages=m2, rcpts=rc)
            if "error" in a or "error" in b:
                d[f"msg{rc}"] = None
                continue
            d[f"msg{rc}"] = (b["send_s"] - a["send_s"]) / (m2 - m1) / RTT
            if rc == 1:
                d["plain"] = a["connect_s"] / RTT if a["connect_s"] > RTT / 2 else (a["send_s"] / RTT - m1 * d["msg1"])
        if p != "smtp-source" and not p.startswith("floor"):
            for k, more in {"starttls": ["--starttls"], "auth": ["--auth"], "starttls_auth": ["--starttls", "--auth"]}.items():
                a = run(p, pport, messages=4, more=more)
                if "error" in a:
                    d[k] = None
                elif a["connect_s"] > RTT / 2:
                    d[k] = a["connect_s"] / RTT
                else:  # it connects inside its first send: 4 messages twice less 8 leaves the set-up
                    b = run(p, pport, messages=8, more=more)
                    d[k] = 2 * a["send_s"] / RTT - b["send_s"] / RTT if "error" not in b else None
        return d

    # Nearly all of this is waiting, so several clients can wait at once.
    with ThreadPoolExecutor(5) as ex:
        data = dict(zip(peers, ex.map(one, peers)))
    for p, d in data.items():
        f = lambda k: "–" if d.get(k) is None else f"{d[k]:.2f}"
        rows.append([p] + [f(k) for k in ("plain", "auth", "starttls", "starttls_auth", "msg1", "msg10", "msg100")])
    stop(px)
    stop(s)
    save("rtt", data)
    table(f"Round trips through a proxy of {DELAY:g} ms each way (elapsed / {2 * DELAY:g} ms; add 1.5 to a set-up for the TCP handshake and the greeting's way)",
          ["client", "set-up", "+AUTH", "+STARTTLS", "+STARTTLS+AUTH", "message, 1 rcpt", "10 rcpts", "100 rcpts"], rows)


def s_realtcp(peers):
    """As s_rtt, but the delay is under the kernel's TCP (real-tcp.sh sets that up), so handshakes, Nagle's algorithm
    and delayed acknowledgements count. Round trips = elapsed / 50 ms."""
    s, port = sink("--tls")

    def one(p):
        d = {}
        f = lambda **kw: run(p, port, **kw)
        try:
            for rc, m1, m2 in ((1, 8, 16), (10, 8, 16) if "window" in p else (10, 2, 6)):
                a, b = f(messages=m1, rcpts=rc), f(messages=m2, rcpts=rc)
                d[f"msg{rc}"] = (b["send_s"] - a["send_s"]) / (m2 - m1) / RTT
                if rc == 1:
                    d["plain"] = a["connect_s"] / RTT if a["connect_s"] > RTT / 2 else (a["send_s"] / RTT - m1 * d["msg1"])
            if not p.endswith("-pool") and p != "floor-overlap":
                a, b = f(messages=2, reuse=False), f(messages=6, reuse=False)
                d["fresh"] = (b["send_s"] - a["send_s"]) / 4 / RTT
            a, b = f(messages=2, size=262144), f(messages=6, size=262144)
            d["256k"] = (b["send_s"] - a["send_s"]) / 4 / RTT
        except KeyError:
            pass
        return d

    # With small segments one delay line is not enough for several clients: JOBS=1 then.
    with ThreadPoolExecutor(JOBS) as ex:
        data = dict(zip(peers, ex.map(one, peers)))
    stop(s)
    save("realtcp", data)
    table(f"Round trips with the delay under TCP ({DELAY:g} ms each way on the interface; elapsed / {2 * DELAY:g} ms)",
          ["client", "set-up with TCP handshake", "message, 1 rcpt", "10 rcpts", "connect, 1 message, quit", "256 KiB message"],
          [[p] + ["–" if d.get(k) is None else f"{d[k]:.2f}" for k in ("plain", "msg1", "msg10", "fresh", "256k")] for p, d in data.items()])


def s_rate(peers):
    """Messages/s and CPU over loopback; every peer once per round, so ratios are of neighbours in time."""
    data, rows = {}, []
    s, port = sink("--tls", pin=True)
    k, kport = smtp_sink() if Path(SMTP_SINK).exists() else (None, 0)
    servers = [("own sink", port), ("own sink, TLS", port)] + ([("smtp-sink", kport)] if k else [])
    for server, po in servers:
        for conns in (1, 8):
            acc = {}
            n_of, more_of = {}, {}
            for p in peers:
                if server == "smtp-sink" and ("bdat" in p or "window" in p or "hand" in p or "overlap" in p):
                    continue
                if server.endswith("TLS") and not speaks_tls(p):
                    continue
                more = ["--starttls"] if server.endswith("TLS") else []
                more_of[p] = more
                # Settle on a count that takes about half a second.
                n = 8 * conns
                while True:
                    r = run(p, po, messages=n, connections=conns, more=more, prefix=pinned())
                    if "error" in r or r["send_s"] > 0.25 or n >= 40000:
                        break
                    n = min(40000, n * 4 if r["send_s"] < 0.06 else int(n * 0.5 / r["send_s"]) // conns * conns)
                if "error" in r:
                    acc[p] = r["error"]
                    continue
                n_of[p] = n
                acc[p] = []
            for _ in range(ROUNDS):
                for p, n in n_of.items():
                    r = run(p, po, messages=n, connections=conns, more=more_of[p], prefix=pinned())
                    if "error" not in r:
                        acc[p].append((n / r["send_s"], (r["send_user_s"]) / n * 1e3, r["send_sys_s"] / n * 1e3))
            ref = "lettre-nodelay"
            for p, v in acc.items():
                if isinstance(v, str) or not v:
                    rows.append([server, conns, p, v, "", "", ""])
                    continue
                rat = ""
                if isinstance(acc.get(ref), list) and acc[ref]:
                    rat = mmm([a[0] / b[0] for a, b in zip(v, acc[ref])], "{:.2f}")
                rows.append([server, conns, p, mmm([x[0] for x in v]), rat, f"{statistics.median(x[1] + x[2] for x in v):.4f}",
                             f"{statistics.median(x[1] for x in v):.4f}"])
            data[f"{server}/{conns}"] = {"n": n_of, "runs": acc}
    stop(s)
    if k:
        stop(k)
    save("rate", data)
    table(f"Messages/s over loopback, 2 KiB, 1 recipient, {'client and server on processor ' + PIN if PIN else 'not pinned'} ({ROUNDS} interleaved rounds: median (min–max))",
          ["server", "connections", "client", "messages/s", "ratio to lettre-nodelay, round by round", "CPU s per 1000 messages", "of it user"], rows)


def s_large(peers):
    data, rows = {}, []
    s, port = sink("--tls")
    size = os.environ.get("LARGE", "64m")
    mb = int(size[:-1]) * (1 << 20) / 1e6
    for kind, tls in (("typical", False), ("dots", False), ("typical", True), ("dots", True)):
        acc = {}
        name = f"{kind}, TLS" if tls else kind
        for _ in range(ROUNDS):
            for p in peers:
                if p in ("floor-lockstep", "floor-overlap", "floor-window8", "lettre-nodelay", "nodemailer-pool", "lettre-pool",
                         "async-smtp-nodelay"):
                    continue
                if p == "smtp-source" and kind == "dots" or tls and not speaks_tls(p):
                    continue
                sz = str(int(size[:-1]) << 20) if p == "smtp-source" else size
                if acc.get(p) and "error" in acc[p][0]:
                    continue
                acc.setdefault(p, []).append(run(p, port, messages=1, size=sz, kind=kind, more=["--starttls"] if tls else []))
        for p, v in acc.items():
            if "error" in v[0]:
                rows.append([name, p, v[0]["error"], "", "", ""])
                continue
            ref = acc.get("floor-pipelined")
            rat = mmm([b["send_s"] / a["send_s"] for a, b in zip(v, ref)], "{:.2f}") if ref else ""
            rows.append([name, p, mmm([mb / x["send_s"] for x in v]), rat,
                         f"{statistics.median(x['send_user_s'] + x['send_sys_s'] for x in v):.3f}",
                         f"{statistics.median(x['rss_kb'] for x in v) / 1024:.0f}",
                         f"{(statistics.median(x['rss_kb'] for x in v) / 1024 - int(size[:-1])) / int(size[:-1]):.2f}"])
        data[name] = acc
    stop(s)
    save("large", data)
    table(f"One {size} message ({ROUNDS} interleaved rounds)", ["body", "client", "MB/s", "ratio to floor-pipelined", "CPU s", "peak RSS MiB", "copies beyond the caller's"], rows)


def s_insn(peers):
    """User-space instructions per message: (N=2000 − N=1000) / 1000 under callgrind."""
    data, rows = {}, []
    s, port = sink("--tls")
    for p in peers:
        if not native(p) or p in ("lettre-nodelay", "mail-send-nodelay", "async-smtp-nodelay"):
            # The option does not change what the client executes; the plain name stands for both.
            continue
        d = {}
        for label, size, rc, (a, b) in (("2k", 2048, 1, (1000, 2000)), ("2k100r", 2048, 100, (100, 200)), ("64k", 65536, 1, (100, 200)),
                                        ("2ktls", 2048, 1, (1000, 2000))):
            if label == "2ktls" and not speaks_tls(p):
                d[label] = None
                continue
            v = []
            for n in (a, b):
                with tempfile.TemporaryDirectory() as tmp:
                    # Nodelay keeps a thousand messages from taking 40 s; it is one system call.
                    more = [] if p.startswith(("floor", "smtp-source", "lettre-pool")) or "--nodelay" in PEERS[p] else ["--nodelay"]
                    more = more + (["--starttls"] if label == "2ktls" else [])
                    r = run(p, port, timeout=300, messages=n, size=size, rcpts=rc, more=more,
                            prefix=["valgrind", "--tool=callgrind", f"--callgrind-out-file={tmp}/cg"])
                if "error" in r:
                    v = None
                    break
                m = re.search(r"Collected : (\d+)", r["stderr"])
                v.append(int(m.group(1)))
            d[label] = (v[1] - v[0]) / (b - a) if v else None
        data[p] = d
        rows.append([p] + ["–" if d[k] is None else f"{d[k]:,.0f}" for k in ("2k", "2k100r", "64k", "2ktls")])
    stop(s)
    save("insn", data)
    base = data.get("floor-pipelined", {})
    for r in rows:
        r.append(f"{data[r[0]]['2k'] / base['2k']:.1f}" if base.get("2k") and data[r[0]].get("2k") else "")
    table("Client instructions per message, user space only (callgrind)", ["client", "2 KiB, 1 rcpt", "2 KiB, 100 rcpts", "64 KiB, 1 rcpt", "2 KiB, TLS", "2 KiB: ratio to floor-pipelined"], rows)


def s_tickets(_):
    """A session until EHLO inside TLS and QUIT, from a full handshake and from the ticket of an earlier one."""
    data, rows = {}, []
    for version in ("tls1.3", "tls1.2"):
        for kind in ("full", "resumed"):
            v = []
            for n in (10, 20):
                with tempfile.TemporaryDirectory() as tmp:
                    p = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={tmp}/cg", program("setup"), kind, version, str(n)],
                                       capture_output=True, text=True, check=True)
                v.append(int(re.search(r"Collected : (\d+)", p.stderr).group(1)))
            d = {**json.loads(p.stdout), "instructions": (v[1] - v[0]) / 10}
            data[f"{version}/{kind}"] = d
            rows.append([version, kind, f"{d['instructions']:,.0f}", f"{d['sent']:.0f}", f"{d['received']:.0f}"])
    save("tickets", data)
    table("A session of this library with STARTTLS, EHLO and QUIT, with its certificate verified or by a ticket",
          ["version", "handshake", "instructions", "bytes sent", "bytes received"], rows)


def s_syscalls(peers):
    data, rows = {}, []
    s, port = sink("--tls")
    for p, tls in [(p, tls) for tls in (False, True) for p in peers]:
        if not native(p) or tls and not speaks_tls(p):
            continue
        v = []
        for n in (64, 128):
            with tempfile.TemporaryDirectory() as tmp:
                r = run(p, port, messages=n, more=["--starttls"] if tls else [], prefix=["strace", "-f", "-c", "-o", f"{tmp}/st"])
                c = {}
                if "error" not in r:
                    for l in Path(f"{tmp}/st").read_text().splitlines():
                        w = l.split()
                        if len(w) >= 5 and w[0].replace(".", "").isdigit() and w[3].isdigit() and w[-1] != "total":
                            c[w[-1]] = int(w[3])
                v.append(c)
        d = {k: (v[1].get(k, 0) - v[0].get(k, 0)) / 64 for k in set(v[0]) | set(v[1])}
        name = f"{p}, TLS" if tls else p
        data[name] = d
        g = lambda *k: sum(d.get(x, 0) for x in k)
        w, rd, ep = g("write", "writev", "sendto", "sendmsg"), g("read", "readv", "recvfrom", "recvmsg"), g("epoll_wait", "poll", "select", "pselect6", "epoll_pwait")
        rows.append([name, f"{w:.1f}", f"{rd:.1f}", f"{ep:.1f}", f"{sum(d.values()):.1f}"])
    stop(s)
    save("syscalls", data)
    table("System calls per 2 KiB message, 1 recipient", ["client", "writes", "reads", "waits", "all"], rows)


def s_idle(peers):
    data, rows = {}, []
    for p in peers:
        if p.startswith("floor-") and p != "floor-pipelined" or p in ("smtp-source", "lettre-pool", "nodemailer-pool", "mail-send-hand") or p.endswith("-nodelay"):
            continue
        d = {}
        for m in (0, 1):
            s, port = sink()
            n = 1000
            more = ["--idle"] + (["--nodelay"] if native(p) else [])
            r = run(p, port, messages=m, connections=n, more=more)
            d[m] = r.get("rss_per_connection")
            stop(s)
        data[p] = d
        rows.append([p, d[0], d[1]])
    save("idle", data)
    table("Resident bytes per open idle connection (1000 connections, plain text)", ["client", "after EHLO", "after one 2 KiB message"], rows)


def s_micro(_):
    """Parsers and dot-stuffing without sockets, and what the machine can do at most. Twice, to show the drift."""
    rows = []
    for exe in (program("membw"), program("bench-micro")):
        v = [[json.loads(l) for l in subprocess.run([exe], capture_output=True, text=True).stdout.splitlines()] for _ in range(2)]
        for a, b in zip(*v):
            rows.append([a["what"], a.get("unit", "GB/s"), a["median"], b["median"]])
    save("micro", rows)
    table("Parsers, dot-stuffing, memory (median of 9, two runs)", ["what", "unit", "first run", "second run"], rows)


def s_build(_):
    subprocess.run([str(HERE / "build-times.sh")], env={**os.environ, "BENCH_OUT": str(OUT)}, check=True)


def main():
    peers = [p for p in sys.argv[1:]] or list(PEERS)
    peers = [q for p in peers for q in PEERS if q == p or q.startswith(p + "-")]
    peers = list(dict.fromkeys(peers))
    usable = []
    for p in peers:
        exe = PEERS[p][0]
        if Path(exe).exists() or exe == "node" and (HERE / "peers/nodemailer/node_modules").exists():
            usable.append(p)
        else:
            print(f"skipping {p}: not built", file=sys.stderr)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, hard), hard))
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "report.md").write_text("")
    try:
        for sec in SECTIONS:
            t = time.time()
            set_ups = sec in ("setup", "realsetup")
            globals()[f"s_{sec}"]([p for p in usable if set_ups or not set_up_alone(p)])
            print(f"({sec}: {time.time() - t:.0f} s)", file=sys.stderr, flush=True)
    finally:
        for p in list(procs):
            p.kill()


main()
