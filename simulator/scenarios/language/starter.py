"""What `inkstand scenario new` writes: a story that plays, to be changed."""

from __future__ import annotations

import json

STARTER = """\
# Play it: inkstand run {file}
# The words: docs/scenarios.md; for an editor: inkstand scenario schema > scenario.schema.json
name: {name}
about: What is claimed here, and which page says so.
people: [ana]
products: [lamp]
steps:
  - track: {{anonymousId: $ana.anonymous_id, event: Product Viewed, properties: {{sku: $lamp.sku, url: $lamp.url}}}}
  - advance: 5m
  - identify: {{anonymousId: $ana.anonymous_id, userId: $ana.user_id, traits: {{email: $ana.email}}}}
  - expect:
      messages: [{{event: Product Viewed}}, {{type: identify}}]
      movable_ink.events: [{{event: product, owner: {{user_id: $ana.user_id}}, signal: usable}}]
"""


def starter(name: str, file: str) -> str:
    """The text of a new story."""
    return STARTER.format(name=json.dumps(name, ensure_ascii=False), file=file)


CONTRACT = """\
# Hold it: inkstand exec --contract {file} -- COMMAND
# The words: docs/scenarios.md; a contract only claims what was recorded
name: {name}
about: What the program must have told Segment when it is done.
steps:
  - expect:
      discards: []
      messages: {{contains: [{{type: track, event: Product Viewed}}]}}
      movable_ink.events: {{where: {{event: product}}, all: {{signal: usable}}}}
"""


def contract_starter(name: str, file: str) -> str:
    """The text of a new contract."""
    return CONTRACT.format(name=json.dumps(name, ensure_ascii=False), file=file)
