"""Which addresses besides public ones a project's runs may reach: granted by administrators, for a reason."""

from datetime import timedelta
from typing import Final

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import FieldFault, InvalidInput
from wxcloudrun.core.pagination import Page
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.projects.access import ProjectAccess, Right
from wxcloudrun.features.projects.dao import AddressGrantDao
from wxcloudrun.features.projects.errors import AddressGrantNotFound
from wxcloudrun.features.projects.exchange import GrantMade, GrantsQuery, GrantView

_WIDEST: Final = {4: 8, 6: 16}
"""Prefix lengths: a rule for more than that is an open door."""


class AddressGrants:
    """Grants and withdraws address ranges. Loopback, link-local and metadata are the operator's to allow, not ours."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        audit: AuditService,
        access: ProjectAccess,
        grants: AddressGrantDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._audit = audit
        self._access = access
        self._grants = grants or AddressGrantDao(session)

    def page(self, actor: Actor, project_id: int, query: GrantsQuery) -> Page[GrantView]:
        """Grants, the newest first. Raises ProjectNotFound."""
        self._access.require(actor, project_id, Right.VIEW)
        usable = self._clock.now() if query.usable else None
        rows, total = self._grants.page(project_id, usable, (query.page - 1) * query.size, query.size)
        return Page(items=[GrantView.of(row) for row in rows], page=query.page, size=query.size, total=total)

    @unit_of_work
    def add(self, actor: Actor, project_id: int, made: GrantMade) -> GrantView:
        """Let the project's runs reach a range. Raises ProjectNotFound, AdministratorRequired, InvalidInput."""
        self._access.require_administrator(actor, project_id, locked=True)
        rule, now = canonical(made.range), self._clock.now()
        number = self._grants.add(
            {
                "project_id": project_id,
                "rule": rule,
                "reason": made.reason,
                "granter_id": actor.user_id,
                "created_at": now,
                "expires_at": None if made.expires_in_days is None else now + timedelta(days=made.expires_in_days),
                "revoked_at": None,
            }
        )
        after = {"range": rule, "reason": made.reason, "expires_in_days": made.expires_in_days}
        self._audit.record(actor, "address.granted", ("address_grant", number), None, after, project_id=project_id)
        return GrantView.of(self._grants.get(project_id, number))

    @unit_of_work
    def revoke(self, actor: Actor, project_id: int, grant_id: int) -> Removed:
        """Withdraw a grant; runs that begin or go on elsewhere from now on do not have it any more.

        Raises ProjectNotFound, AdministratorRequired, AddressGrantNotFound.
        """
        self._access.require_administrator(actor, project_id)
        row = self._grants.get(project_id, grant_id)
        if row is None:
            raise AddressGrantNotFound
        if self._grants.revoke(grant_id, self._clock.now()):
            target = ("address_grant", grant_id)
            self._audit.record(actor, "address.withdrawn", target, {"range": row.rule}, project_id=project_id)
        return Removed(id=grant_id)

    def held(self, project_id: int) -> list[str]:
        """What the project's runs may reach today besides public addresses and the operator's ranges."""
        return sorted(self._grants.rules(project_id, self._clock.now())[0])

    def lost(self, project_id: int) -> set[str]:
        """What they could reach once and may not any more."""
        return self._grants.rules(project_id, self._clock.now())[1]


def canonical(text: str) -> str:
    """A rule as it is kept. Raises InvalidInput for what is no range, too wide, or not for projects."""
    from wxcloudrun.engine.errors import DefinitionError  # noqa: PLC0415 - only who grants pays for the engine
    from wxcloudrun.engine.send.egress import AddressRule  # noqa: PLC0415 - as above
    from wxcloudrun.engine.send.ranges import Opens, reserved, unmapped  # noqa: PLC0415 - as above

    try:
        rule = AddressRule.parse(text, "range")
    except DefinitionError as fault:
        raise InvalidInput(fields=(FieldFault("range", "not_a_range", detail=fault.reason),)) from None
    entry = reserved(unmapped(rule.network.network_address))
    if rule.sensitive or (entry is not None and entry.opens is not Opens.ANY):
        told = f"{rule.network} is {'' if entry is None else entry.name}: only the operator can allow it (RUN_ALLOWED)"
        raise InvalidInput(fields=(FieldFault("range", "not_grantable", detail=told),))
    if rule.network.prefixlen < _WIDEST[rule.network.version]:
        told = f"at most /{_WIDEST[rule.network.version]}"
        raise InvalidInput(fields=(FieldFault("range", "too_wide", detail=told),))
    ports = "" if (rule.first_port, rule.last_port) == (1, 65535) else f":{rule.first_port}-{rule.last_port}"
    network = f"[{rule.network}]" if rule.network.version == 6 and ports else str(rule.network)
    return f"{network}{ports}"
