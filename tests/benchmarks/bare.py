"""What Inkstand is measured against: a bare Flask view on the same server, and one that only parses a batch."""

from __future__ import annotations

import sys

import waitress
from flask import Flask, request

app = Flask(__name__)


@app.get("/readyz")
def readyz():
    return {"status": "ready"}


@app.post("/v1/track")
def track():
    return {"success": True}


@app.post("/v1/batch")
def batch():
    request.get_json()
    return {"success": True}


if __name__ == "__main__":
    waitress.serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=8, asyncore_use_poll=True)
