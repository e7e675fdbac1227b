"""What the simulator starts with when nothing is configured. None of it is, or can become, a real credential."""

from typing import Final

DEFAULT_APPID: Final = "wxsimulator0000001"
DEFAULT_SECRET: Final = "simulatorsecret00000000000000001"  # noqa: S105 - a made-up secret of the simulator itself
DEFAULT_TOKEN: Final = "simulatortoken"  # noqa: S105 - a made-up push token of the simulator itself
DEFAULT_ENCODING_AES_KEY: Final = "SimulatorEncodingAESKeyNotReal0000000000000"
DEFAULT_ORIGINAL_ID: Final = "gh_simulator0001"
DEFAULT_CLOUD_ENV: Final = "simulator-env-0001"
DEFAULT_APP_KEY: Final = "simulatorappkey000000000000000001"
DEFAULT_SANDBOX_APP_KEY: Final = "simulatorappkey000000000000000002"
DEFAULT_PAGES: Final = ("pages/index/index",)
DEFAULT_TEMPLATE_ID: Final = "SimulatorTemplateOnce0000000000000000000001"
DEFAULT_LONG_TEMPLATE_ID: Final = "SimulatorTemplateLong0000000000000000000001"

MOCK_CODE: Final = "the code is a mock one"  # what the developer tool gives without a real appid
PLACEHOLDER_CLOUDBASE_TOKEN: Final = "default-tcb-wx-access-token"  # noqa: S105 - the platform's public placeholder

CODE_SECONDS: Final = 300  # life of a login code and of a phone code
TOKEN_SECONDS: Final = 7200
TOKEN_OVERLAP_SECONDS: Final = 300  # old and new access token both work for this long
CLOUDBASE_TOKEN_SECONDS: Final = 1800
FORCE_REFRESH_GAP_SECONDS: Final = 30
ACTIVE_SECONDS: Final = 2 * 3600  # content checks want a user who was here this recently
LONGEST_LINK_SECONDS: Final = 30 * 86400
FIRST_MESSAGE_ID: Final = 3248682510344192008  # above 2^53, as the real ones are

RISKY_WORD: Final = "risky-word"
REVIEW_WORD: Final = "review-word"
SENSITIVE_WORD: Final = "sensitive-word"

KIB: Final = 1024
GATEWAY_SECONDS: Final = 15.0
GATEWAY_REQUEST_BYTES: Final = 100 * KIB
GATEWAY_RESPONSE_BYTES: Final = 1000 * KIB
