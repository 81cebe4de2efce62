"""Addresses outside: an answer has begun in time or is none, however slowly it drips."""

import socket
import threading

import pytest

from inkstand.fakes.kit.destination import HttpCall
from inkstand.simulator.delivery.transport import Transport


@pytest.fixture
def answering():
    """A receiver that sends its answer byte by byte, so many seconds apart; its address."""
    listener, over = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def begin(text, gap):
        def serve():
            peer, _ = listener.accept()
            with peer:
                for byte in text:
                    if over.wait(gap):
                        return
                    try:
                        peer.send(bytes([byte]))
                    except OSError:
                        return

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    yield begin
    over.set()
    listener.close()


def test_an_answer_that_drips_is_late(answering):
    """Each byte comes in time, the whole does not: it ends after the seconds that it was given."""
    url = answering(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000, 0.02)
    sent = Transport(lambda *_: []).call(HttpCall("POST", url, {}, b"x"), 0.4)
    assert (sent.status, "timed out" in sent.error) == (None, True)


def test_an_answer_in_pieces_is_taken(answering):
    """What is there in time counts, also byte by byte."""
    url = answering(b"HTTP/1.1 204 No Content\r\n\r\n", 0.001)
    assert Transport(lambda *_: []).call(HttpCall("POST", url, {}, b"x"), 30).status == 204
