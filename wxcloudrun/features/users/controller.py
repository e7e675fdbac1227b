"""People over HTTP."""

from wxcloudrun.core.actor import Actor
from wxcloudrun.features.users.schemas import Profile, ProfileChange
from wxcloudrun.features.users.service import ProfileService


def profile(actor: Actor, people: ProfileService) -> Profile:
    """Read one's own profile."""
    return people.profile(actor)


def change_profile(actor: Actor, body: ProfileChange, people: ProfileService) -> Profile:
    """Change one's own profile."""
    return people.change(actor, body)
