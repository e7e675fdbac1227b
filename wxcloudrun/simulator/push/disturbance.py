"""Ways to spoil a push, to see whether the receiver looks: its payload, its stamp or the sealed request."""

from dataclasses import replace
from enum import StrEnum

from wxcloudrun.simulator.push.envelope import Sealed, Stamp
from wxcloudrun.simulator.push.events import written
from wxcloudrun.simulator.records import AppConfig, PushFormat
from wxcloudrun.simulator.wire import Json

OLD_SECONDS = 3600
OVERSIZED_BYTES = 2 * 1024 * 1024
_ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(8))


class Disturbance(StrEnum):
    """What is wrong with a push.

    DUPLICATE hands the same message over twice, REPLAY sends the same bytes twice, REORDERED hands a list of events
    over in reverse; the others spoil every request.
    """

    DUPLICATE = "duplicate"
    REPLAY = "replay"
    REORDERED = "reordered"
    BAD_SIGNATURE = "bad_signature"
    SWAPPED_SIGNATURE = "swapped_signature"  # msg_signature holds what only belongs in signature
    WRONG_APPID = "wrong_appid"
    OLD_TIMESTAMP = "old_timestamp"
    OVERSIZED = "oversized"
    PLAINTEXT = "plaintext"  # the bare message, whatever the mode
    ENTITY_BOMB = "entity_bomb"  # XML whose entities grow tenfold eight times
    BAD_CIPHER = "bad_cipher"  # a well-signed Encrypt that does not decrypt


def swell(payload: Json, wanted: tuple[Disturbance, ...], size: int) -> Json:
    """The payload, made too large if that is wanted."""
    return payload | {"Padding": "x" * size} if Disturbance.OVERSIZED in wanted else payload


def age(stamp: Stamp, wanted: tuple[Disturbance, ...]) -> Stamp:
    """The stamp, an hour older if that is wanted; its signatures are still right."""
    return replace(stamp, timestamp=stamp.timestamp - OLD_SECONDS) if Disturbance.OLD_TIMESTAMP in wanted else stamp


def tail(app: AppConfig, wanted: tuple[Disturbance, ...]) -> str | None:
    """The id to put at the end of the cipher instead of the app's own."""
    return "wx" + "0" * (len(app.appid) - 2) if Disturbance.WRONG_APPID in wanted else None


def spoil(app: AppConfig, payload: Json, sealed: Sealed, wanted: tuple[Disturbance, ...]) -> Sealed:
    """The sealed request with the wanted damage."""
    if Disturbance.PLAINTEXT in wanted:
        sealed = Sealed(_only_plain(sealed.query), written(payload, app.push_format))
    if Disturbance.ENTITY_BOMB in wanted:
        sealed = replace(sealed, body=_bomb(sealed.body, app.push_format))
    if Disturbance.BAD_SIGNATURE in wanted:
        zeros = {name: "0" * 40 for name in ("signature", "msg_signature") if name in sealed.query}
        sealed = replace(sealed, query=sealed.query | zeros)
    if Disturbance.SWAPPED_SIGNATURE in wanted and "msg_signature" in sealed.query:
        sealed = replace(sealed, query=sealed.query | {"msg_signature": sealed.query["signature"]})
    return sealed


def _only_plain(query: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in query.items() if name not in ("encrypt_type", "msg_signature")}


def _bomb(body: bytes, language: PushFormat) -> bytes:
    inside = body if language is PushFormat.XML else b"<xml></xml>"
    head = f"<!DOCTYPE xml [{_ENTITIES}]>".encode()
    return head + inside.replace(b"</xml>", b"<Bomb>&e7;</Bomb></xml>")
