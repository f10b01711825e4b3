"""Connect a directory: the service account that it calls as, with what it needs and nothing else."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.roles import commands as role_commands
from apps.iam.roles import queries as roles
from apps.iam.scim import queries
from apps.iam.scim.errors import InvalidConnection
from apps.iam.scim.models import Connection
from apps.iam.scim.permissions import ScimPermission
from apps.iam.service_accounts import commands as accounts
from apps.iam.service_accounts import queries as known

ROLE = "directory"


def connect(
    *, kind: str, name: str, default_role: str, sends_invitations: bool, actor: Actor, now: datetime
) -> tuple[Connection, accounts.Issued]:
    """Make a service account for a directory, a role that may provision and nothing else if there is none yet, and a
    key. The account also holds the role of the people that it makes, since nobody gives what they do not hold.

    Raises InvalidConnection, UnknownRole, InvalidServiceAccount, BeyondOwnPermissions, ApprovalNeeded.
    """
    if kind not in Connection.Kind.values:
        raise InvalidConnection(errors={"kind": ["choose one of those offered"]})
    with unit_of_work(Connection, actor=actor):
        if ROLE not in roles.labels():
            role_commands.define_role(
                code=ROLE,
                name="Directory",
                description="May provision people and groups by SCIM.",
                permissions=[ScimPermission.PROVISION],
                actor=actor,
                now=now,
            )
        account = accounts.create_service_account(name=name, roles=[ROLE, default_role], actor=actor, now=now)
        connection = Connection(
            account_id=account.id, kind=kind, default_role=default_role, sends_invitations=sends_invitations
        )
        connection.save()
        issued = accounts.create_key(holder_id=account.id, name=f"SCIM of {name}"[:100], actor=actor, now=now)
    return connection, issued


def update_connection(
    *, connection_id: UUID, default_role: str, sends_invitations: bool, actor: Actor, now: datetime
) -> Connection:
    """Say otherwise how people are made. The account gets the role besides those it holds.

    Raises ConnectionNotFound, ServiceAccountNotFound, UnknownRole, BeyondOwnPermissions, ApprovalNeeded.
    """
    with unit_of_work(Connection, actor=actor):
        connection = queries.connection(connection_id)
        account = known.service_account(connection.account_id)
        if default_role not in account.role_codes:
            held = [*account.role_codes, default_role]
            accounts.change_roles(account_id=account.id, roles_held=held, actor=actor, now=now)
        connection.default_role, connection.sends_invitations = default_role, sends_invitations
        connection.save()
    return connection


def disconnect(*, connection_id: UUID, actor: Actor, now: datetime) -> Connection:
    """Delete the service account of a connection: each of its keys is refused at once. People and groups stay.

    Safe to repeat. Raises ConnectionNotFound, BeyondOwnPermissions.
    """
    with unit_of_work(Connection, actor=actor):
        connection = queries.connection(connection_id)
        accounts.delete_service_account(account_id=connection.account_id, actor=actor, now=now)
    return connection
