"""A load that costs the measuring side little: wrk where it is installed, else plain sockets in processes."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import BinaryIO

KEY = "inkstand-demo-write-key"
EVENT = {
    "type": "track",
    "userId": "user-1",
    "anonymousId": "visitor-1",
    "event": "Product Viewed",
    "timestamp": "2026-01-01T00:00:00.123Z",
    "context": {"library": {"name": "bench", "version": "1"}, "page": {"url": "https://shop.test/p/1", "path": "/p/1"}},
    "properties": {"product_id": "P-1", "sku": "S-1", "name": "Lamp", "price": 19.9, "url": "https://shop.test/p/1"},
}
_LUA = """
local name = "%s-" .. math.random(1, 1000000000)
local number = 0
local each = %d
function setup(thread) thread:set("name", name .. tostring(thread)) end
request = function()
  local calls = {}
  for i = 1, each do
    number = number + 1
    calls[i] = string.gsub([==[%s]==], "@ID@", name .. number)
  end
  local body = each == 1 and calls[1] or '{"writeKey":"%s","batch":[' .. table.concat(calls, ",") .. "]}"
  return wrk.format("POST", "%s", {["Content-Type"] = "application/json"}, body)
end
"""


def rate(port: int, path: str, batch: int, connections: int, seconds: float) -> float:
    """Events a second that the server on a port takes."""
    if shutil.which("wrk"):
        return _wrk(port, path, batch, connections, seconds)
    with ProcessPoolExecutor(connections) as pool:
        jobs = [pool.submit(_plain, port, path, batch, seconds, number) for number in range(connections)]
        return sum(job.result() for job in jobs) / seconds


def engine() -> str:
    """What makes the load."""
    return "wrk" if shutil.which("wrk") else "python (slower than the server at batches: ratios flatter)"


def _wrk(port: int, path: str, batch: int, connections: int, seconds: float) -> float:
    event = json.dumps({**EVENT, "messageId": "@ID@", "writeKey": KEY})
    script = _LUA % (time.monotonic_ns(), batch, event, KEY, path)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        duration = f"{max(1, round(seconds))}s"
        command = ["wrk", "-t1", f"-c{connections}", f"-d{duration}", "-s", file.name, f"http://127.0.0.1:{port}"]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in told, told
    return float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1]) * batch


def _plain(port: int, path: str, batch: int, seconds: float, number: int) -> int:
    done = 0
    end = time.monotonic() + seconds
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as answers:
        while time.monotonic() < end:
            ids = [f"{number}-{time.monotonic_ns()}-{index}" for index in range(batch)]
            calls = [{**EVENT, "messageId": ident, "writeKey": KEY} for ident in ids]
            body = json.dumps(calls[0] if batch == 1 else {"writeKey": KEY, "batch": calls}).encode()
            head = ("Host: x", "Content-Type: application/json", f"Content-Length: {len(body)}", "", "")
            connection.sendall("\r\n".join((f"POST {path} HTTP/1.1", *head)).encode() + body)
            status = answers.readline()
            assert b" 200 " in status, status
            answers.read(_length(answers))
            done += batch
    return done


def _length(answers: BinaryIO) -> int:
    """How many bytes follow the head of an answer, which may come in pieces."""
    length = 0
    while (line := answers.readline().lower()).strip():
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    return length


def folder() -> Path:
    """Where this package lies."""
    return Path(__file__).parent
