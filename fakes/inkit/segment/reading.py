"""What Inkit's Segment side understands of a posted message; a wrong shape is answered with what was wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inkstand.fakes.kit.http import RefusedError, column_text, dump_text, kind_of, storable


@dataclass(frozen=True)
class Identify:
    """One identify call, read. `profile` is the kind and value of the id that the profile is kept under."""

    message_id: str | None
    profile: tuple[str, str]
    template_id: str | None
    wrong_template_id: str | None
    traits: Mapping[str, Any]
    from_engage: bool

    @property
    def subject(self) -> str:
        """What the reasons of this call are recorded under."""
        return self.message_id or "/".join(self.profile)


def read(body: object, default_template: str | None = None) -> Identify:
    """An identify call as Segment posts it; `default_template` is the destination's own, for a call that names none.

    Raises RefusedError: 400 for a body that is no object or names nobody; 501 for another call type (Segment's
    subscription webhook guide).
    """
    if not isinstance(body, dict):
        raise RefusedError(400, f"The body must be a JSON object; {kind_of(body)} came.")
    if body.get("type") != "identify":
        raise RefusedError(501, f"Inkit takes identify calls; a call of type {repr(body.get('type'))[:80]} came.")
    traits = body.get("traits")
    traits = traits if isinstance(traits, dict) else {}
    template_id = traits.get("template_id")
    is_text = template_id is None or isinstance(template_id, str)
    context = body.get("context")
    is_engage = isinstance(context, dict) and isinstance(context.get("personas"), dict)
    return Identify(
        message_id=column_text(body.get("messageId")),
        profile=_profile(body),
        template_id=_template(template_id, default_template, is_engage) if is_text else None,
        wrong_template_id=None if is_text else dump_text(template_id)[:80],
        traits={key: value for key, value in traits.items() if key != "template_id"},
        from_engage=is_engage,
    )


def _template(given: str | None, default: str | None, is_engage: bool) -> str | None:  # noqa: FBT001  # a fact
    """The template that a call asks for; an identify from Engage asks for none by leaving it out."""
    named = storable((given or "").strip())
    return named or (None if is_engage else default) or None


def _profile(body: Mapping[str, Any]) -> tuple[str, str]:
    for member, kind in (("userId", "user_id"), ("anonymousId", "anonymous_id")):
        value = column_text(body.get(member))
        if value:
            return kind, value
    raise RefusedError(400, "An identify call must carry a userId or an anonymousId; neither came.")
