#!/usr/bin/python3
"""The HTTP server under clients that are wrong, slow, greedy or clever: raw sockets against the real daemon."""
import json
import os
import socket
import sys
import threading

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "support"))
import tap                                                           # noqa: E402
from daemon import Daemon, certificate, receive, replies, wait_for   # noqa: E402
from tap import contains, equal                                      # noqa: E402

SECOND = b"GET /second HTTP/1.1\r\nHost: x\r\n\r\n"


def get(*lines, path=b"/healthz", version=b"HTTP/1.1", host=b"Host: x\r\n"):
    return b"GET " + path + b" " + version + b"\r\n" + host + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def post(*lines, body=b"", host=b"Host: x\r\n", version=b"HTTP/1.1"):
    return (b"POST /v1/pipelines/1/runs " + version + b"\r\n" + host +
            b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body)


# What is sent before SECOND, and the statuses that come back.  A list with 404 as its second says that the connection
# was kept and SECOND was read as the request it is; a list of one, that nothing behind the first was ever looked at.
CASES = {
    "plain get": (get(), [200, 404]),
    "http 1.0 with keep-alive": (get(b"Connection: keep-alive", version=b"HTTP/1.0", host=b""), [200, 404]),
    "http 1.0": (get(version=b"HTTP/1.0", host=b""), [200]),
    "connection close": (get(b"Connection: close"), [200]),
    "absolute target": (get(path=b"http://example.org/healthz"), [200, 404]),
    "body by length": (post(b"Content-Length: 7", body=b"{\"a\":1}"), [401, 404]),
    "empty body by length": (post(b"Content-Length: 0"), [401, 404]),
    "chunked body": (post(b"Transfer-Encoding: chunked", body=b"7\r\n{\"a\":1}\r\n0\r\n\r\n"), [401, 404]),
    "chunked body with extension and trailer":
        (post(b"Transfer-Encoding: chunked", body=b"7;x=y\r\n{\"a\":1}\r\n0\r\nTrailer: z\r\n\r\n"), [401, 404]),
    "body of a get": (get(b"Content-Length: 5") + b"hello", [200, 404]),
    "length and encoding": (post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), [400]),
    "encoding and length": (post(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"), [400]),
    "two lengths": (post(b"Content-Length: 7", b"Content-Length: 0", body=b"{\"a\":1}"), [400]),
    "two equal lengths": (post(b"Content-Length: 7", b"Content-Length: 7", body=b"{\"a\":1}"), [400]),
    "two encodings": (post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), [400]),
    "encoding xchunked": (post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"), [501]),
    "encoding gzip, chunked": (post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"), [501]),
    "encoding in http 1.0": (post(b"Transfer-Encoding: chunked", version=b"HTTP/1.0", body=b"0\r\n\r\n"), [400]),
    "space before the colon": (post(b"Content-Length : 7", body=b"{\"a\":1}"), [400]),
    "space in a name": (get(b"Bad Name: x"), [400]),
    "parenthesis in a name": (get(b"Bad(Name): x"), [400]),
    "control byte in a value": (get(b"X: a\x01b"), [400]),
    "delete byte in a value": (get(b"X: a\x7fb"), [400]),
    "no host": (get(host=b""), [400]),
    "two hosts": (get(b"Host: y"), [400]),
    "unknown expectation": (post(b"Expect: tea", b"Content-Length: 2", body=b"{}"), [417]),
    "unknown method": (b"BREW /healthz HTTP/1.1\r\nHost: x\r\n\r\n", [405, 404]),
    "unknown path": (get(path=b"/nothing"), [404, 404]),
    "line ends without cr": (b"GET /healthz HTTP/1.1\nHost: x\n\n", [200, 404]),    # the library hides them
    "encoded path": (get(path=b"/%68ealthz"), [404, 404]),
    "broken escape in the query": (get(path=b"/healthz?a=%zz"), [400, 404]),
}

# What the library itself refuses, with a body of its own: the connection must not survive it.
LIBRARY = {
    "length with a plus": post(b"Content-Length: +7", body=b"{\"a\":1}"),
    "length as a list": post(b"Content-Length: 7, 7", body=b"{\"a\":1}"),
    "hexadecimal length": post(b"Content-Length: 0x7", body=b"{\"a\":1}"),
    "negative length": post(b"Content-Length: -1"),
    "enormous length": post(b"Content-Length: 99999999999999999999999"),
    "headers without end": get(b"X: " + b"a" * 60000),
    "target without end": get(path=b"/" + b"a" * 60000),
    "two thousand headers": get(*[b"X-%d: 1" % i for i in range(2000)]),
    "a word alone": b"GARBAGE\r\n\r\n",
    "http 2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no request at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "chunk size with 0x": post(b"Transfer-Encoding: chunked", body=b"0x7\r\n{\"a\":1}\r\n0\r\n\r\n"),
    "negative chunk": post(b"Transfer-Encoding: chunked", body=b"-7\r\n{\"a\":1}\r\n0\r\n\r\n"),
}


def exchange(daemon, sent, statuses):
    """Send it with SECOND behind it; one that is to be the last is waited for until the connection closes."""
    return daemon.raw(sent + SECOND, answers=len(statuses) if len(statuses) > 1 else None)


def test_each_framing_is_read_one_way_or_refused(folder):
    with Daemon(folder) as daemon:
        for name, (sent, statuses) in CASES.items():
            data, closed = exchange(daemon, sent, statuses)
            answers = replies(data)
            equal([answer.status for answer in answers], statuses, name)
            if len(statuses) == 1:
                assert closed, name + ": the connection was kept"


def test_refusals_are_json_with_a_request_id_and_close(folder):
    with Daemon(folder) as daemon:
        for name, (sent, statuses) in CASES.items():
            answer = replies(exchange(daemon, sent, statuses)[0])[0]
            assert len(answer.headers["request-id"]) == 32, name
            equal(answer.headers["cache-control"], "no-store", name)
            if answer.status >= 400:
                equal(answer.headers["content-type"], "application/json", name)
                assert answer.json["error"]["message"], name
            if len(statuses) == 1 and statuses != [200]:
                equal(answer.headers["connection"].lower(), "close", name)


def test_nothing_is_read_behind_what_the_library_refused(folder):
    with Daemon(folder) as daemon:
        for name, sent in LIBRARY.items():
            data, closed = daemon.raw(sent + SECOND)
            assert closed, name + ": the connection was kept"
            assert b"nothing at this path" not in data, name + ": what stood behind it was read as a request"
            assert not data or data.split(b" ")[1] in (b"400", b"413", b"414", b"431", b"505"), name
        daemon.get("/healthz", key=None).expect(200)


def test_pipelined_requests_are_answered_in_order(folder):
    with Daemon(folder) as daemon:
        data, _ = daemon.raw(get() + get(path=b"/readyz") + get(path=b"/x") + get(b"Connection: close"))
        equal([answer.status for answer in replies(data)], [200, 200, 404, 200])


def test_one_byte_at_a_time_is_a_request_too(folder):
    with Daemon(folder) as daemon, daemon.connect() as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in get(b"Connection: close"):
            peer.sendall(bytes([byte]))
        equal([answer.status for answer in replies(receive(peer)[0])], [200])


def drip(daemon, start, more):
    """Send start, then more again and again until the daemon has closed; whether it did."""
    with daemon.connect() as peer:
        peer.sendall(start)
        peer.settimeout(0.05)
        for _ in range(1200):
            try:
                if not peer.recv(65536):
                    return True
            except socket.timeout:
                pass
            except ConnectionError:
                return True
            try:
                peer.sendall(more)
            except OSError:
                return True
    return False


def test_slow_clients_are_disconnected(folder):
    with Daemon(folder, "--request-timeout", "300ms") as daemon:
        assert drip(daemon, b"GET /healthz HTTP/1.1\r\nHost: x\r\n", b"X: y\r\n"), "slow headers"
        assert drip(daemon, b"G", b"E"), "slow request line"
        assert drip(daemon, b"", b""), "silence"
        assert drip(daemon, post(b"Content-Length: 100000"), b"x"), "slow body"
        assert drip(daemon, post(b"Transfer-Encoding: chunked"), b"1\r\nx\r\n"), "slow chunks"
        assert drip(daemon, get(), b""), "an idle kept connection"
        daemon.get("/healthz", key=None).expect(200)


def holds(daemon, peer):
    """Whether a process has the daemon's end of this connection open: what the kernel alone still has is nobody's."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        sockets = [line.split() for line in file][1:]
    ports = [":%04X" % daemon.port, ":%04X" % peer.getsockname()[1]]
    return any([end[-5:] for end in line[1:3]] == ports and line[9] != "0" for line in sockets)


def test_a_client_that_does_not_read_is_disconnected(folder):
    with Daemon(folder, "--request-timeout", "300ms") as daemon:
        with socket.socket() as peer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.connect((daemon.host, daemon.port))
            peer.sendall(get(path=b"/openapi.yaml") * 400)
            peer.settimeout(60)
            equal(daemon.get("/healthz", key=None).status, 200)
            wait_for(lambda: not holds(daemon, peer), "the daemon to give up")
            drained, closed = receive(peer)
            assert closed and drained.count(b"HTTP/1.1 200") < 400, "it went on writing"


def test_a_large_body_is_413_on_every_way(folder):
    body = b"{" + b" " * (10 << 20) + b"}"
    with Daemon(folder) as daemon:
        daemon.post("/v1/pipelines/1/runs", body).expect(413, "PayloadTooLarge")
        daemon.post("/api/public/v1/pipelines", body).expect(413, "payload_too_large")
        daemon.post("/v1/pipelines/1/runs", b"x" * (1 << 20)).expect(400)
        daemon.post("/v1/pipelines/1/runs", b"x" * ((1 << 20) + 1)).expect(413)
        chunks = b"".join(b"10000\r\n" + b"x" * 65536 + b"\r\n" for _ in range(160)) + b"0\r\n\r\n"
        answers = replies(daemon.raw(post(b"Transfer-Encoding: chunked", body=chunks), 1)[0])
        equal([answer.status for answer in answers], [413])


def test_a_client_that_asks_first_is_refused_before_it_sends(folder):
    with Daemon(folder) as daemon:
        data, closed = daemon.raw(post(b"Expect: 100-continue", b"Content-Length: 20000000"))
        assert not data.startswith(b"HTTP/1.1 100"), data
        equal([answer.status for answer in replies(data)], [413])
        assert closed
        with daemon.connect() as peer:
            peer.sendall(post(b"Expect: 100-continue", b"Content-Length: 2"))
            contains(receive(peer, 1, interim=True)[0], b"HTTP/1.1 100")
            peer.sendall(b"{}")
            equal([answer.status for answer in replies(receive(peer, 1)[0])], [401])


def test_the_body_limit_is_a_setting(folder):
    with Daemon(folder, "--body-limit", "2KiB") as daemon:
        daemon.post("/v1/pipelines/1/runs", b" " * 2049).expect(413)
        daemon.post("/v1/pipelines/1/runs", b"{}" + b" " * 2046).expect(404)


def test_methods_head_and_options(folder):
    with Daemon(folder) as daemon:
        reply = daemon.request("PATCH", "/v1/pipelines/1/status").expect(405, "MethodNotAllowed")
        equal(reply.headers["Allow"], "PUT, OPTIONS")
        reply = daemon.request("OPTIONS", "/v1/pipelines/1", key=None).expect(204)
        equal(reply.headers["Allow"], "GET, HEAD, DELETE, OPTIONS")
        head, whole = daemon.request("HEAD", "/healthz", key=None), daemon.get("/healthz", key=None)
        equal((head.status, head.body, head.headers["Content-Length"]), (200, b"", str(len(whole.body))))


def test_errors_have_the_shape_of_their_surface(folder):
    with Daemon(folder) as daemon:
        daemon.get("/v1/pipelines/nothing").expect(404, "NotFound")
        daemon.get("/api/public/v1/nothing").expect(404, "not_found")
        daemon.get("/nothing").expect(404, "NOT_FOUND")
        equal(set(daemon.get("/v1/pipelines/1").expect(404).json["error"]), {"code", "message"})


def test_request_ids_are_all_different(folder):
    with Daemon(folder) as daemon:
        seen = {daemon.get("/healthz", key=None).headers["Request-Id"] for _ in range(20)}
        equal(len(seen), 20)


def test_more_connections_than_allowed_wait_or_are_closed(folder):
    with Daemon(folder, "--max-connections", "4") as daemon:
        peers = [daemon.connect() for _ in range(8)]
        try:
            for peer in peers[:4]:
                peer.sendall(get())
                equal(len(replies(receive(peer, 1)[0])), 1)
        finally:
            for peer in peers:
                peer.close()
        for _ in range(10):
            daemon.get("/healthz", key=None).expect(200)


def test_clients_that_go_away_hurt_nobody(folder):
    with Daemon(folder) as daemon:
        for sent in (b"", b"GET", get(), post(b"Content-Length: 10"), get(b"Authorization: Bearer " + daemon.key.encode(),
                                                                        path=b"/v1/pipelines")):
            for _ in range(10):
                with daemon.connect() as peer:
                    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                    peer.sendall(sent)
        daemon.get("/v1/pipelines").expect(200)


def test_many_clients_at_once(folder):
    failed = []

    def ask(daemon):
        for _ in range(25):
            if daemon.get("/v1/pipelines").status != 200:
                failed.append(1)

    with Daemon(folder) as daemon:
        threads = [threading.Thread(target=ask, args=(daemon,)) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        equal(failed, [])


def test_tls(folder):
    pem, key, context = certificate(folder)
    with Daemon(folder, "--tls-certificate", pem, "--tls-key", key, tls=context) as daemon:
        daemon.get("/v1/pipelines").expect(200)
        contains(tap.read(daemon.state, "address"), "https://")
        with context.wrap_socket(daemon.connect(), server_hostname="127.0.0.1") as peer:
            assert peer.version() in ("TLSv1.2", "TLSv1.3"), peer.version()
        data, closed = daemon.raw(get())
        assert closed and not data.startswith(b"HTTP/1.1 200"), data


def test_secrets_are_not_logged(folder):
    with Daemon(folder, "--log-level", "debug") as daemon:
        daemon.get("/v1/pipelines?token=hunter2").expect(400)
        daemon.get("/v1/pipelines", key="api_wrong-but-secret").expect(401)
        log = daemon.log().split(daemon.key, 1)[1]      # behind the line that shows it once
        for secret in (daemon.key, "api_wrong-but-secret", "hunter2"):
            assert secret not in log, secret
        contains(log, json.dumps("/v1/pipelines"))


if __name__ == "__main__":
    tap.main(globals())
