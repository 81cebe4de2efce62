"""The table of identity, told once more in plain Python and with nothing of the product's code: what tests compare to.

Source: the specification's identity table (Segment's page for the first rows, our choices for the rest).
"""

from dataclasses import dataclass, field

MONTH = 30


@dataclass
class Oracle:
    """Everything that Movable Ink should hold after the calls it was told."""

    owners: list = field(default_factory=list)
    links: dict = field(default_factory=dict)
    profiles: dict = field(default_factory=dict)
    joined: dict = field(default_factory=dict)

    def tell(self, call):
        """One call: `type`, the ids that it carries, `days` ago, its traits."""
        user, visitor = call.get("userId"), call.get("anonymousId")
        if call["type"] == "track":
            self.track(user, visitor, call.get("days", 0))
        else:
            self.identify(user, visitor, call.get("traits", {}))
        return self

    def track(self, user, visitor, days):
        if user:
            owner = ("user_id", user)
            self.profiles.setdefault(owner, {"email": None, "traits": {}})
        elif visitor:
            owner = self.links.get(visitor, ("anonymous_id", visitor))
        else:
            owner = ("nobody", "")
        self.owners.append([owner, days])

    def identify(self, user, visitor, traits):
        email = traits.get("email")
        owner = self.person(user, visitor, email)
        if owner is None:
            return
        profile = self.profiles.setdefault(owner, {"email": None, "traits": {}})
        profile["traits"] = {**profile["traits"], **traits}
        profile["email"] = email or profile["email"]
        if visitor:
            for event in self.owners:
                if event[0] == ("anonymous_id", visitor) and event[1] <= MONTH:
                    event[0] = owner
        if user and ("email", email) in self.profiles:
            self.join(email, owner)
        if visitor:
            self.links[visitor] = owner

    def person(self, user, visitor, email):
        linked = self.links.get(visitor)
        if user:
            return ("user_id", user)
        if linked and linked[0] == "user_id":
            return linked
        if email in self.joined:
            return self.joined[email]
        return ("email", email) if email else linked

    def join(self, email, owner):
        del self.profiles["email", email]
        self.joined[email] = owner
        for event in self.owners:
            if event[0] == ("email", email):
                event[0] = owner
        self.links = {visitor: owner if who == ("email", email) else who for visitor, who in self.links.items()}

    @property
    def owner_of_each(self):
        """The owner of every event, as the view writes it."""
        return [{} if kind == "nobody" else {kind: who} for (kind, who), _ in self.owners]

    @property
    def everyone(self):
        """Every profile: its e-mail, traits, visitors and the numbers of its events, as the view writes them."""
        return {
            owner: (
                profile["email"],
                profile["traits"],
                sorted(visitor for visitor, who in self.links.items() if who == owner),
                [number for number, (who, _) in enumerate(self.owners) if who == owner],
            )
            for owner, profile in self.profiles.items()
        }
