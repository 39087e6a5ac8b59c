"""The real tidemilld for tests: started on a free port with a state directory of its own, asked over HTTP, stopped.

    with Daemon(folder) as daemon:
        daemon.get("/v1/pipelines").expect(200)

Leaving the block stops it with SIGTERM and fails unless it ended with status 0 (so a leak under a sanitizer fails
the test).  Nothing here sleeps for a fixed time: everything is waited for, with a deadline.
"""
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import time

import tap

TIDEMILLD = os.path.join(tap.BUILD, "tidemilld")
DEADLINE = 60


def sanitized():
    """Whether this build has a sanitizer, whose shadow memory no limit on memory leaves room for."""
    with open(os.path.join(tap.BUILD, "Makefile"), encoding="utf-8") as file:
        return any(line.startswith("TIDE_CFLAGS =") and "-fsanitize=" in line for line in file)



MINIMAL = {
    "definition_version": 1,
    "name": "numbers",
    "source": {"connection": {"plugin": "generate", "options": {"rows": 10}}},
    "destination": {"connection": {"plugin": "null"}},
    "sync": {"frequency": 60},
    "tables": [{"name": "rows"}],
}


def definition(**changes):
    """A definition that runs anywhere, with these members instead."""
    return dict(MINIMAL, **changes)


def wait_for(question, what, seconds=DEADLINE):
    """The first true answer; fails when there is none in time."""
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        assert time.monotonic() < end, "waited %d s for %s" % (seconds, what)
        time.sleep(0.02)


class Reply:
    """An answer: status, headers (a case-insensitive mapping), body (bytes)."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)

    def expect(self, status, code=None, message=None):
        """Fail unless it is this status (and error code and message); returns the reply itself."""
        tap.equal(self.status, status, self.text)
        if code is not None:
            tap.equal(self.json["error"]["code"], code)
        if message is not None:
            tap.equal(self.json["error"]["message"], message)
        return self


def environment(folder, extra=None):
    """That of a daemon whose state is in folder, free of what the caller's shell says."""
    env = {name: value for name, value in os.environ.items()
           if not name.startswith("TIDEMILL_") or name == "TIDEMILL_PLUGIN_DIR"}
    env["TIDEMILL_STATE_DIR"] = os.path.join(folder, "state")
    env["TIDEMILL_LISTEN"] = "127.0.0.1:0"
    if sanitized():
        env["TIDEMILL_LIMITS_MEMORY"] = "0"
        env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":abort_on_error=1"     # a crash ends with a signal, too
        env["TSAN_OPTIONS"] = "handle_segv=0"
    return dict(env, **(extra or {}))


def refused(folder, *flags, env=None):
    """Run a daemon that is not to start; its ended process, with stdout and stderr as texts."""
    return subprocess.run([TIDEMILLD, *map(str, flags)], env=environment(folder, env), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=DEADLINE, check=False)


class Daemon:
    """A running tidemilld."""

    def __init__(self, folder, *flags, env=None, tls=None, closed=False):
        """closed: with no standard files at all, and so without a log."""
        self.folder, self.flags, self.env = folder, flags, env
        self.state = os.path.join(folder, "state")
        self.log_path = os.path.join(folder, "tidemilld.log")
        self.clock_path = os.path.join(folder, "clock")
        self.tls, self.closed = tls, closed
        self.process = self.key = self.output = None
        self.host, self.port = "127.0.0.1", 0

    # ---- its life ----

    def start(self):
        address = os.path.join(self.state, "address")
        if os.path.exists(address):
            os.unlink(address)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*(["sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-'] if self.closed else []),
                 TIDEMILLD, "--test-clock-file", self.clock_path, *map(str, self.flags)],
                env=environment(self.folder, self.env), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        wait_for(lambda: self.alive() and os.path.exists(address), "the daemon's address")
        with open(address, encoding="ascii") as file:
            self.host, port = re.sub("^https?://", "", file.read().strip()).rsplit(":", 1)
        self.port = int(port)
        with open(os.path.join(self.state, "api-key"), encoding="ascii") as file:
            self.key = file.read().strip()
        wait_for(lambda: self.alive() and self.get("/readyz", key=None).status == 200, "the daemon to be ready")
        return self

    def alive(self):
        assert self.process.poll() is None, "the daemon ended with %s:\n%s" % (self.process.returncode, self.log())
        return True

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait(self):
        """Its exit status; negative for a signal."""
        return self.process.wait(timeout=DEADLINE)

    def stop(self, number=signal.SIGTERM):
        """Ask it to end, and fail unless it ends well."""
        self.process.send_signal(number)
        status = self.wait()
        self.process = None
        tap.equal(status, 0, self.log())

    def kill(self):
        self.process.kill()
        self.wait()
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, error, trace):
        if self.process is None:
            return
        if kind is None:
            self.stop()
        else:
            self.process.kill()
            self.wait()
            print("# " + self.log().replace("\n", "\n# "))

    def pass_time(self, seconds):
        """Let its clock, as the test clock, be so far ahead of the machine's."""
        with open(self.clock_path + ".new", "w", encoding="ascii") as file:
            file.write("%d\n" % seconds)
        os.rename(self.clock_path + ".new", self.clock_path)

    # ---- requests ----

    def request(self, method, path, body=None, headers=None, key=True):
        """body: bytes, str, or anything else as JSON.  key: True for the daemon's own, None for none, else a text."""
        headers = dict(headers or {})
        if key:
            headers.setdefault("Authorization", "Bearer " + (self.key if key is True else key))
        if isinstance(body, str):
            body = body.encode()
        elif body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        if self.tls:
            connection = http.client.HTTPSConnection(self.host, self.port, timeout=DEADLINE, context=self.tls)
        else:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=DEADLINE)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.request("POST", path, body, **options)

    def put(self, path, body=None, **options):
        return self.request("PUT", path, body, **options)

    def delete(self, path, **options):
        return self.request("DELETE", path, **options)

    def connect(self):
        """A bare socket to it."""
        return socket.create_connection((self.host, self.port), timeout=DEADLINE)

    def raw(self, data, answers=None):
        """Send bytes; the bytes that come back until it closes or has given so many answers, and whether it closed."""
        with self.connect() as peer:
            try:
                peer.sendall(data)
            except OSError:
                pass
            return receive(peer, answers)

    # ---- steps that many tests take ----

    def create(self, document=None, **changes):
        """Create a pipeline from a definition; its id."""
        reply = self.post("/api/public/v1/pipelines", document or definition(**changes))
        return reply.expect(201).json["id"]

    def run(self, pipeline, body=None):
        """Start a run and wait for its end; the run."""
        run = self.post("/v1/pipelines/%d/runs" % pipeline, body or {}).expect(200).json["id"]
        return self.ended(run)

    def ended(self, run):
        def ask():
            reply = self.get("/v1/pipelines/runs/%d" % run).expect(200).json
            return reply if reply["endTime"] else None
        return wait_for(ask, "run %d to end" % run)


def receive(peer, answers=None, interim=False):
    """All bytes until the peer closes (True), or is silent for very long or has given so many answers (False), with
    interim also those of status 100."""
    data = b""
    peer.settimeout(DEADLINE)
    try:
        while not answers or len(replies(data, interim)) < answers:
            more = peer.recv(65536)
            if not more:
                return data, True
            data += more
        return data, False
    except socket.timeout:
        return data, False
    except ConnectionError:
        return data, True


def replies(data, interim=False):
    """The whole answers in a stream of bytes, without those of status 100 unless interim."""
    found = []
    while b"\r\n\r\n" in data:
        head, _, data = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        assert lines[0].startswith("HTTP/1."), "not an answer: %r" % head
        headers = dict((name.lower(), value.strip()) for name, value in
                       (line.split(":", 1) for line in lines[1:]))
        length = int(headers.get("content-length", 0))
        status = int(lines[0].split()[1])
        if status == 100 and not interim:
            continue
        if len(data) < length:
            break
        found.append(Reply(status, headers, data[:length]))
        data = data[length:]
    return found


def certificate(folder):
    """A self-signed one for 127.0.0.1: its paths and a client's context that trusts it."""
    pem, key = os.path.join(folder, "tls.pem"), os.path.join(folder, "tls.key")
    try:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", key, "-out", pem], check=True, capture_output=True)
    except FileNotFoundError as missing:
        raise tap.Skip("openssl is not installed") from missing
    return pem, key, ssl.create_default_context(cafile=pem)
