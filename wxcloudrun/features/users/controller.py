"""People over HTTP."""

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.http import Raw, Upload
from wxcloudrun.core.pagination import Page
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.users.administration import AdministrationService
from wxcloudrun.features.users.phone import PhoneService
from wxcloudrun.features.users.pictures import MIMETYPE, AvatarService
from wxcloudrun.features.users.privacy import PrivacyService
from wxcloudrun.features.users.schemas import (
    ApplicationDetail,
    ApplicationLine,
    ApplicationsQuery,
    ApplicationView,
    Export,
    MaterialView,
    OwnVerification,
    PeopleQuery,
    PersonChange,
    PersonMade,
    PersonView,
    PhoneBody,
    Profile,
    ProfileChange,
    ReviewDecision,
    VerificationApplied,
)
from wxcloudrun.features.users.service import ProfileService
from wxcloudrun.features.users.verification import ReviewService, VerificationService

_FOR_A_YEAR = (("Cache-Control", "public, max-age=31536000, immutable"),)
_FOR_NOBODY = (("Cache-Control", "private, no-store"),)


def profile(actor: Actor, people: ProfileService) -> Profile:
    """Read one's own profile."""
    return people.profile(actor)


def change_profile(actor: Actor, body: ProfileChange, people: ProfileService) -> Profile:
    """Change one's own profile."""
    return people.change(actor, body)


def bind_phone(actor: Actor, body: PhoneBody, phones: PhoneService) -> Profile:
    """Bind the phone number that WeChat has verified."""
    return phones.bind(actor, body)


def unbind_phone(actor: Actor, phones: PhoneService) -> Profile:
    """Remove one's own phone number."""
    return phones.unbind(actor)


def set_avatar(actor: Actor, upload: Upload, avatars: AvatarService) -> Profile:
    """Upload one's own avatar: JPEG, PNG, WebP or GIF, stored anew as WebP."""
    return avatars.set(actor, upload.content)


def remove_avatar(actor: Actor, avatars: AvatarService) -> Profile:
    """Remove one's own avatar."""
    return avatars.remove(actor)


def avatar(name: str, avatars: AvatarService) -> Raw:
    """Fetch an avatar."""
    return Raw(avatars.picture(name), MIMETYPE, headers=_FOR_A_YEAR)


def own_verification(actor: Actor, verifications: VerificationService) -> OwnVerification:
    """Read one's own verification state and latest application."""
    return verifications.own(actor)


def add_material(actor: Actor, upload: Upload, verifications: VerificationService) -> MaterialView:
    """Upload an image for an application to come."""
    return verifications.add_material(actor, upload.content)


def apply(actor: Actor, body: VerificationApplied, verifications: VerificationService) -> ApplicationView:
    """Apply to be verified."""
    return verifications.apply(actor, body)


def applications(query: ApplicationsQuery, reviews: ReviewService) -> Page[ApplicationLine]:
    """List applications, the oldest first."""
    return reviews.page(query)


def application(actor: Actor, application_id: int, reviews: ReviewService) -> ApplicationDetail:
    """Read an application with name and number."""
    return reviews.view(actor, application_id)


def decide(actor: Actor, application_id: int, body: ReviewDecision, reviews: ReviewService) -> ApplicationDetail:
    """Approve or reject an application."""
    return reviews.decide(actor, application_id, body)


def material(actor: Actor, material_id: int, reviews: ReviewService) -> Raw:
    """Fetch the image of a material."""
    return Raw(reviews.material(actor, material_id), MIMETYPE, headers=_FOR_NOBODY)


def delete_own(actor: Actor, privacy: PrivacyService) -> Removed:
    """Delete one's own account and everything personal that is kept about it."""
    return privacy.delete_own(actor)


def export(actor: Actor, privacy: PrivacyService) -> Export:
    """Hand out everything that is kept about oneself."""
    return privacy.export(actor)


def people(query: PeopleQuery, administration: AdministrationService) -> Page[PersonView]:
    """List people."""
    return administration.page(query)


def add_person(actor: Actor, body: PersonMade, administration: AdministrationService) -> PersonView:
    """Make a person ahead, without a WeChat identity."""
    return administration.add(actor, body)


def person(user_id: int, administration: AdministrationService) -> PersonView:
    """Read a person."""
    return administration.view(user_id)


def change_person(actor: Actor, user_id: int, body: PersonChange, administration: AdministrationService) -> PersonView:
    """Change a person's nickname, role or status."""
    return administration.change(actor, user_id, body)


def delete_person(actor: Actor, user_id: int, administration: AdministrationService) -> Removed:
    """Delete a person and everything personal that is kept about them."""
    return administration.delete(actor, user_id)
