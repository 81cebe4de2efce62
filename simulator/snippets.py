"""How to point real clients at a sandbox: text to paste, with its address and key filled in.

Source: the settings of each client as measured against its released package (facts about clients).
"""

from __future__ import annotations

_CURL = """\
curl {base}/v1/identify -u {key}: -H 'Content-Type: application/json' \\
  -d '{{"anonymousId":"visitor-1","userId":"user-1","traits":{{"email":"ana@example.com"}}}}'
curl {base}/v1/track -u {key}: -H 'Content-Type: application/json' \\
  -d '{{"userId":"user-1","event":"Product Viewed","properties":{{"sku":"S-1","url":"https://shop.test/s-1"}}}}'"""

_PYTHON = """\
# pip install segment-analytics-python
from segment.analytics.client import Client
analytics = Client('{key}', host='{base}')
analytics.identify('user-1', anonymous_id='visitor-1', traits={{'email': 'ana@example.com'}})
analytics.track('user-1', 'Product Viewed', {{'sku': 'S-1', 'url': 'https://shop.test/s-1'}})
analytics.shutdown()"""

_NODE = """\
// npm install @segment/analytics-node
const {{ Analytics }} = require('@segment/analytics-node')
const analytics = new Analytics({{ writeKey: '{key}', host: '{base}' }})
analytics.identify({{ anonymousId: 'visitor-1', userId: 'user-1', traits: {{ email: 'ana@example.com' }} }})
const properties = {{ sku: 'S-1', url: 'https://shop.test/s-1' }}
analytics.track({{ userId: 'user-1', event: 'Product Viewed', properties }})
analytics.closeAndFlush()"""

_BROWSER = """\
// npm install @segment/analytics-next
import {{ AnalyticsBrowser }} from '@segment/analytics-next'
const analytics = AnalyticsBrowser.load({{ writeKey: '{key}', cdnURL: '{base}' }})
analytics.track('Product Viewed', {{ sku: 'S-1', url: 'https://shop.test/s-1' }})
analytics.identify('user-1', {{ email: 'ana@example.com' }})  // the anonymousId goes along by itself"""

_HTML = """\
<!-- serve with: inkstand serve --analytics-js node_modules/@segment/analytics-next -->
<script>
  var analytics = window.analytics = window.analytics || [];
  ["track", "identify", "page", "group", "alias", "ready", "on"].forEach(function (name) {{
    analytics[name] = analytics[name] || function () {{
      analytics.push([name].concat(Array.prototype.slice.call(arguments)));
    }};
  }});
</script>
<script src="{base}/analytics.js/v1/{key}/analytics.min.js" async></script>
<script>
  analytics.track("Product Viewed", {{ sku: "S-1", url: "https://shop.test/s-1" }});
  analytics.identify("user-1", {{ email: "ana@example.com" }});
</script>"""


def snippets_for(base: str, key: str) -> dict[str, str]:
    """By client, what to paste."""
    facts = {"base": base, "key": key}
    texts = {"curl": _CURL, "Python": _PYTHON, "Node": _NODE, "browser": _BROWSER, "HTML": _HTML}
    return {name: text.format(**facts) for name, text in texts.items()}
