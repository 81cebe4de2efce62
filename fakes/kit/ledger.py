"""Rules with their sources, and the reasons that record where a rule decided something."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

Confidence = Literal["documented", "observed", "inferred", "chosen"]
Facts = Mapping[str, object]
_OPTIONAL = re.compile(r"\[\[(.*?)\]\]")
_NAMED = re.compile(r"\{(\w+)\}")


class LedgerError(Exception):
    """A ledger file holds something that is not a rule."""


@dataclass(frozen=True)
class Reason:
    """A rule applied to facts, recorded where it decided.

    `cause` names the other message that brought it about, such as the identify that moved an event.
    """

    rule: str
    facts: Facts = field(default_factory=dict)
    cause: str | None = None


@dataclass(frozen=True)
class Mend:
    """The smallest change that would turn a verdict.

    `set` and `unset` change the call itself (dot paths, `products[0].price`), `before` are calls to make first,
    `workspace` is a change of the workspace. All texts may name facts of the reason in braces.
    """

    say: str
    set: Facts = field(default_factory=dict)
    unset: Sequence[str] = ()
    before: Sequence[Mapping[str, object]] = ()
    workspace: Facts = field(default_factory=dict)

    def applied_to(self, facts: Facts) -> Mend:
        """This mend with the facts of one reason written into it; a value whose fact is not known is left out.

        A fact called `value` is what came elsewhere and belongs there: it stands in the place of the sample.
        """
        known = {key: str(value) for key, value in facts.items()}
        values = {_fill(path, known): _fill(value, known) for path, value in self.set.items()}
        if "value" in facts and len(values) == 1:
            values = dict.fromkeys(values, facts["value"])
        return Mend(
            say=_said(self.say, known),
            set={path: value for path, value in values.items() if not _NAMED.fullmatch(str(value))},
            unset=tuple(_fill(path, known) for path in self.unset),
            before=tuple(_fill(call, known) for call in self.before),
            workspace=_fill(dict(self.workspace), known),
        )


@dataclass(frozen=True)
class Rule:
    """One behaviour: its id, what it says, where that comes from and how sure we are.

    `verdict` is `stops` when a message goes no further by it, `unusable` when it is kept but cannot be used, `waits`
    when something else must come first, `expected` when it goes no further and that is as it should be, else `notes`.
    The first three are causes that `explain` names first, in this order; one that is `last` is named after the others
    of its verdict; one that is `general` holds for everything, and is recorded with no message. `until` are rules
    that, recorded later, take it back; `example` are the steps of a scenario that bring the rule about.
    """

    id: str
    statement: str
    source: str
    confidence: Confidence
    verdict: Literal["stops", "unusable", "waits", "expected", "notes"] = "notes"
    say: str = ""
    mend: Mend | None = None
    until: Sequence[str] = ()
    last: bool = False
    general: bool = False
    example: Sequence[Mapping[str, object]] = ()


@dataclass(frozen=True)
class NotFaked:
    """Something the real service does and ours answers with 501."""

    method: str
    path: str
    what: str

    def covers(self, method: str, path: str) -> bool:
        """Whether a request is one of these; `{…}` in the path stands for one segment."""
        pattern = re.sub(r"\\\{[^{}]*\\\}", "[^/]+", re.escape(self.path))
        return method == self.method and re.fullmatch(pattern, path) is not None


@dataclass(frozen=True)
class Ledger:
    """Every rule of one part, and what that part does not imitate."""

    part: str
    rules: Mapping[str, Rule]
    not_faked: Sequence[NotFaked] = ()

    def explain(self, reason: Reason) -> str:
        """A reason as one sentence: the rule's own wording with the facts in it.

        What stands in double brackets is said only when every fact that it names is known.
        """
        rule = self.rules[reason.rule]
        known = {key: str(value) for key, value in reason.facts.items()}
        return _said(rule.say or rule.statement, known)


@cache
def load(package: str) -> Ledger:
    """The ledger of a package, read from its `ledger.yaml`; an empty one where there is none.

    Raises LedgerError, naming the file and rule, for a member that is missing, unknown or of the wrong kind.
    """
    import yaml  # noqa: PLC0415  # only explanations read ledgers

    path = files(package) / "ledger.yaml"
    if not path.is_file():
        return Ledger(package, {})
    data = yaml.safe_load(path.read_text("utf-8"))
    prefix = data["part"]
    rules = [_rule(f"{package}/ledger.yaml", prefix, item) for item in data["rules"]]
    not_faked = [NotFaked(**item) for item in data.get("not_faked", ())]
    return Ledger(prefix, {rule.id: rule for rule in rules}, not_faked)


def _rule(where: str, prefix: str, item: Mapping[str, Any]) -> Rule:
    try:
        mend = Mend(**item["mend"]) if "mend" in item else None
        rule = Rule(**{**item, "id": f"{prefix}.{item['id']}", "mend": mend, "until": _whole(prefix, item)})
    except (KeyError, TypeError) as error:
        message = f"{where}: rule {item.get('id', '?')}: {error}"
        raise LedgerError(message) from error
    if rule.confidence not in get_args(Confidence):
        message = f"{where}: rule {rule.id}: confidence is one of {get_args(Confidence)}, not {rule.confidence!r}"
        raise LedgerError(message)
    return rule


def _whole(prefix: str, item: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{prefix}.{rule}" for rule in item.get("until", ()))


def _said(text: str, known: Mapping[str, str]) -> str:
    said = _OPTIONAL.sub(lambda match: match[1] if set(_NAMED.findall(match[1])) <= set(known) else "", text)
    return str(_fill(said, known)).replace("?.", "?")


def _fill(value: Any, facts: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for name, text in facts.items():
            value = value.replace("{" + name + "}", text)
        return value
    if isinstance(value, Mapping):
        return {_fill(key, facts): _fill(item, facts) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, facts) for item in value]
    return value
