"""Connections that stay open, and what a node answers over them: HTTP, and lines of text."""
import json
import re
import socket

PATIENCE_S = 0.25
LAST = re.compile(rb"\r\nconnection: *close\r\n", re.IGNORECASE)
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Connection:
    """Connects when it is first used, and again after an error. No call raises if the node does not answer."""

    def __init__(self, address, port, patience=PATIENCE_S):
        self._at, self._patience, self._socket = (address, port), patience, None

    def close(self):
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def fileno(self):
        return self._socket.fileno()

    def send(self, data):
        """True if the kernel took it."""
        try:
            if self._socket is None:
                self._socket = socket.create_connection(self._at, self._patience)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(data)
            return True
        except OSError:
            self.close()
            return False

    def piece(self):
        """What has come, or comes next; empty if the node closes, or is silent for too long."""
        try:
            found = self._socket.recv(65536)
        except OSError:
            found = b""
        if not found:
            self.close()
        return found

    def receive(self, complete):
        """All bytes until `complete(bytes)` holds; empty if the node closes, or is silent for too long."""
        answer = b""
        while not complete(answer):
            piece = self.piece()
            if not piece:
                return b""
            answer += piece
        return answer

    def ask(self, data, complete):
        return self.receive(complete) if self.send(data) else b""


class Question:
    """Whether a node leads, to be asked again and again; `judge` finds that in its answer."""

    def __init__(self, connection, data, complete, judge):
        self.connection, self._data, self._complete, self._judge = connection, data, complete, judge
        self._answer = b""

    def send(self):
        self._answer = b""
        return self.connection.send(self._data)

    def answer(self):
        """True or False, or None if there is more to come. To be called if the connection is readable."""
        piece = self.connection.piece()
        self._answer += piece
        if not piece:
            return False
        return bool(self._judge(self._answer)) if self._complete(self._answer) else None


def whole_response(answer):
    head = answer.find(b"\r\n\r\n")
    if head < 0:
        return False
    if b"chunked" in answer[:head].lower():
        return answer.endswith(b"0\r\n\r\n")
    length = LENGTH.search(answer[:head + 2])
    return len(answer) >= head + 4 + (int(length.group(1)) if length else 0)


def whole_head(answer):
    return answer.endswith(b"\r\n\r\n")


def whole(request):
    return whole_head if request.startswith(b"HEAD") else whole_response


class Http:
    """Requests with an object as the answer, over one connection."""

    def __init__(self, address, port, patience=PATIENCE_S):
        self.connection, self._host = Connection(address, port, patience), f"{address}:{port}"

    def request(self, method, path, body=None):
        text = b"" if body is None else json.dumps(body).encode()
        length = f"Content-Length: {len(text)}\r\n" if method == "POST" else ""
        return f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\n{length}\r\n".encode() + text

    def question(self, request, judge):
        """`judge` gets the status and the bytes of an answer."""
        return Question(self.connection, request, whole(request), lambda answer: judge(*self._finish(answer)))

    def status(self, request):
        """The status of the answer to a prepared request, and its bytes; (0, b"") if there is none."""
        return self._finish(self.connection.ask(request, whole(request)))

    def _finish(self, answer):
        if LAST.search(answer[:answer.find(b"\r\n\r\n") + 2]):
            self.connection.close()  # else the next request would be the one that finds it closed
        return (int(answer[9:12]), answer) if answer else (0, b"")

    def get(self, method, path, body=None):
        """The object of the answer; {} if there is none."""
        return parsed(self.status(self.request(method, path, body))[1])


def parsed(answer):
    begin, end = answer.find(b"{", answer.find(b"\r\n\r\n")), answer.rfind(b"}")
    try:
        return json.loads(answer[begin:end + 1]) if 0 <= begin < end else {}
    except ValueError:
        return {}


def ask_once(address, port, data, patience=PATIENCE_S):
    """All that is answered until the other side closes; empty if it does not answer in time."""
    answer = b""
    try:
        with socket.create_connection((address, port), patience) as connection:
            connection.sendall(data)
            while piece := connection.recv(65536):
                answer += piece
    except OSError:
        return b""
    return answer
