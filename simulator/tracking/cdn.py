"""What a page loads before it sends anything: a source's settings, and the browser library from its npm package.

Source: Segment's page on custom proxies; what the browser library reads of its settings (facts about clients).
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

BUNDLE = "standalone.js"
_PLACES = ("dist/umd", "umd", ".")
_PART = re.compile(r"[\w-]+\.bundle\.[\w.-]*js(\.map)?")
_KEY_MARK = b"__WRITE_KEY__"
_KNOW_YOUR_CDN = (
    "(function(){var s=document.currentScript,k=s&&s.dataset.globalSegmentAnalyticsKey||'analytics',"
    "a=window[k]=window[k]||[];a._cdn=a._cdn||%s})();\n"
)


def settings_for(key: str, base: str) -> dict[str, Any]:
    """The settings with which a page needs no more than this address as its `cdnURL`.

    `apiHost` has no scheme and `protocol` is beside it. No `metrics`: the library would send them over https.
    """
    parts = urlsplit(base)
    segment = {"apiKey": key, "apiHost": f"{parts.netloc}{parts.path.rstrip('/')}/v1", "protocol": parts.scheme}
    return {"integrations": {"Segment.io": segment}}


def bundles_in(place: str) -> Path | None:
    """The folder of the library's bundles: of its npm package, or the bundle itself; None when it is not there."""
    path = Path(place)
    if path.is_file() and path.suffix == ".js":
        return path.parent if path.name == BUNDLE else None
    return next((path / inner for inner in _PLACES if (path / inner / BUNDLE).is_file()), None)


def is_bundle(name: str) -> bool:
    """Whether a file is a part of the library; nothing else of its folder is anybody's business."""
    return name == BUNDLE or _PART.fullmatch(name) is not None


def library_for(key: str, base: str, folder: Path) -> bytes:
    """The library as Segment's CDN serves it: with the source's write key in it, and knowing where it came from."""
    bundle = (folder / BUNDLE).read_bytes()
    return (_KNOW_YOUR_CDN % json.dumps(base)).encode() + bundle.replace(_KEY_MARK, key.encode())
