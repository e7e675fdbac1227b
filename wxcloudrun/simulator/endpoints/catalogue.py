"""The simulator's table of contents: every path of WeChat's that it answers."""

from wxcloudrun.simulator.endpoints import links, login, payment, phone, qrcode, security, storage, subscribe, tokens
from wxcloudrun.simulator.gate import Access, Endpoint
from wxcloudrun.simulator.wire import TEXT

ENDPOINTS: dict[str, Endpoint] = {
    "/sns/jscode2session": Endpoint("GET", login.code_to_session, Access.SECRET, TEXT),
    "/cgi-bin/token": Endpoint("GET", tokens.legacy_token, Access.SECRET, TEXT),
    "/cgi-bin/stable_token": Endpoint("POST", tokens.stable_token, Access.SECRET, TEXT),
    "/wxa/checksession": Endpoint("GET", login.check_session),
    "/wxa/resetusersessionkey": Endpoint("GET", login.reset_session_key),
    "/wxa/business/getuserphonenumber": Endpoint("POST", phone.phone_number),
    "/cgi-bin/message/subscribe/send": Endpoint("POST", subscribe.send, locked=False),
    "/wxa/getwxacodeunlimit": Endpoint("POST", qrcode.unlimited_code),
    "/wxa/generatescheme": Endpoint("POST", links.generate_scheme),
    "/wxa/generate_urllink": Endpoint("POST", links.generate_url_link),
    "/wxa/msg_sec_check": Endpoint("POST", security.check_text),
    "/wxa/media_check_async": Endpoint("POST", security.check_media),
    "/wxa/getuserriskrank": Endpoint("POST", security.risk_rank),
    "/tcb/uploadfile": Endpoint("POST", storage.upload_file),
    "/tcb/batchdownloadfile": Endpoint("POST", storage.batch_download),
    "/tcb/batchdeletefile": Endpoint("POST", storage.batch_delete),
    "/xpay/query_order": Endpoint("POST", payment.query_order),
    "/xpay/query_user_balance": Endpoint("POST", payment.query_balance),
    "/xpay/notify_provide_goods": Endpoint("POST", payment.notify_provided),
}

OBJECT_STORAGE = Endpoint("ANY", storage.object_storage, Access.SIGNED_FORM)


def endpoint_of(path: str) -> Endpoint | None:
    """Who answers a path, or None if WeChat has no such path here."""
    return OBJECT_STORAGE if path.startswith(storage.COS_PATH) else ENDPOINTS.get(path)
