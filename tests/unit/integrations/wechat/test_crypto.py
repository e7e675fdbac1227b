"""Signatures and encrypted user data, with WeChat's published vectors."""

import base64
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from wxcloudrun.integrations.wechat.crypto import (
    decrypt_user_data,
    payment_signature,
    raw_data_matches,
    same_text,
    session_signature,
    without_padding,
)
from wxcloudrun.integrations.wechat.errors import DecryptFailed, WatermarkRejected

APPID = "wx4f4bc4dec97d474b"
KEY = "tiihtNczf5v6AKRyjwEUhQ=="
IV = "r7BXXKkLb8qrSNn05n0qiA=="
A1_ENCRYPTED = (
    "CiyLU1Aw2KjvrjMdj8YKliAjtP4gsMZMQmRzooG2xrDcvSnxIMXFufNstNGTyaGS9uT5geRa0W4oTOb1WT7fJlAC+oNPdbB+"
    "3hVbJSRgv+4lGOETKUQz6OYStslQ142dNCuabNPGBzlooOmB231qMM85d2/fV6ChevvXvQP8Hkue1poOFtnEtpyxVLW1zAo6"
    "/1Xx1COxFvrc2d7UL/lmHInNlxuacJXwu0fjpXfz/YqYzBIBzD6WUfTIF9GRHpOn/Hz7saL8xz+W//FRAUid1OksQaQx4CMs"
    "8LOddcQhULW4ucetDf96JcR3g0gfRK4PC7E/r7Z6xNrXd2UIeorGj5Ef7b1pJAYB6Y5anaHqZ9J6nKEBvB4DnNLIVWSgARns"
    "/8wR2SiRS7MNACwTyrGvt9ts8p12PKFdlqYTopNHR1Vf7XjfhQlVsAJdNiKdYmYVoKlaRv85IfVunYzO0IKXsyl7JCUjCpoG"
    "20f0a04COwfneQAGGwd5oa+T8yO5hzuyDb/XcxxmK01EpqOyuxINew=="
)
A1_PLAIN = (
    '{"openId":"oGZUI0egBJY1zhBYw2KhdUfwVJJE","nickName":"Band","gender":1,"language":"zh_CN","city":'
    '"Guangzhou","province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/a'
    'SKcBBPpibyKNicHNTMM0qJVh8Kjgiak2AHWr8MHM4WgMEm7GFhsf8OYrySdbvAMvTsw3mo8ibKicsnfN5pRjl1p8HQ/0","u'
    'nionId":"ocMvos6NjeKLIBqg5Mr9QjxrP1FA","watermark":{"timestamp":1477314187,"appid":"wx4f4bc4dec9'
    '7d474b"}}'
)
A2_PHONE = (
    "xT8p8W6jIVdEWQ+ccHuD2e4wlKOvkPACqSwR7g001A10cjwdM46gdn01GiQUKaqPzPDRMqCU65RqoH1SV87iasZARr/+0tJR"
    "zfFqQAAyBnqrunz9Sbe6xQGlPr95Uo9y/A9Sup64tUE4UVYwGsaRyE+JSNYeG2IMx4gaUgt0+dkOba1xRqBfBE5USsSp+vuo"
    "yQqqzgtB8swLoIZhMwIutw=="
)
A2_FOREIGN = (
    "xT8p8W6jIVdEWQ+ccHuD2e4wlKOvkPACqSwR7g001A10cjwdM46gdn01GiQUKaqPzPDRMqCU65RqoH1SV87iasZARr/+0tJR"
    "zfFqQAAyBnqrunz9Sbe6xQGlPr95Uo9y/A9Sup64tUE4UVYwGsaRyCTTQZ451dF+m9PI+pdRy0NBp0GuamvZZfZhnxJULEBi"
    "qfGaJs1I2gf8DH9ELXssCQ=="
)
A3_RAW = (
    '{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","coun'
    'try":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol'
    '6503Iuswjjn6nIGBiaycAjAtpujxyzYsrztuuICqIM5ibXQ/0"}'
)
A1_TIME = datetime.fromtimestamp(1477314187, UTC)
A2_TIME = datetime.fromtimestamp(1700000000, UTC)


def _encrypt(plain: bytes) -> str:
    """Whole blocks as they are, so that a test can choose the padding."""
    cipher = Cipher(algorithms.AES128(base64.b64decode(KEY)), modes.CBC(base64.b64decode(IV))).encryptor()
    return base64.b64encode(cipher.update(plain) + cipher.finalize()).decode()


def test_a1_wechats_sample_of_user_data():
    data = decrypt_user_data(KEY, IV, A1_ENCRYPTED, appid=APPID, now=A1_TIME)
    expected = json.loads(A1_PLAIN)
    del expected["watermark"]
    assert data == expected


def test_a1_another_session_key_fails():
    with pytest.raises(DecryptFailed):
        decrypt_user_data("7MG7jbTToVVRWRXVA885rg==", IV, A1_ENCRYPTED, appid=APPID, now=A1_TIME)


def test_a2_a_phone_number():
    data = decrypt_user_data(KEY, IV, A2_PHONE, appid=APPID, now=A2_TIME)
    assert data == {"phoneNumber": "13800138000", "purePhoneNumber": "13800138000", "countryCode": "86"}


def test_a2_the_watermark_of_another_app_is_refused():
    with pytest.raises(WatermarkRejected):
        decrypt_user_data(KEY, IV, A2_FOREIGN, appid=APPID, now=A2_TIME)


@pytest.mark.parametrize(("moment", "accepted"), [(600, True), (-600, True), (601, False), (-601, False)])
def test_a_watermark_counts_for_ten_minutes_either_way(moment, accepted):
    now = datetime.fromtimestamp(1700000000 + moment, UTC)
    try:
        decrypt_user_data(KEY, IV, A2_PHONE, appid=APPID, now=now)
    except WatermarkRejected:
        assert not accepted
    else:
        assert accepted


@pytest.mark.parametrize("watermark", [None, {}, [], {"appid": APPID}, {"timestamp": 1700000000}])
def test_data_without_a_whole_watermark_is_refused(watermark):
    plain = json.dumps({"watermark": watermark}).encode()
    size = 16 - len(plain) % 16
    with pytest.raises(WatermarkRejected):
        decrypt_user_data(KEY, IV, _encrypt(plain + bytes([size]) * size), appid=APPID, now=A2_TIME)


@pytest.mark.parametrize(
    "padded",
    [
        b"{}" + b"\x00" * 14,
        b"{}" + b"\x11" * 14,
        b"{}" + b"\x20" * 30,
        b"{}" + b"\x0d" + b"\x0e" * 13,
        b"[]" + b"\x0e" * 14,
        b"\xff\xfe" + b"\x0e" * 14,
    ],
)
def test_broken_padding_and_broken_content_fail_alike(padded):
    with pytest.raises(DecryptFailed) as caught:
        decrypt_user_data(KEY, IV, _encrypt(padded), appid=APPID, now=A2_TIME)
    assert str(caught.value) == "decrypt: the encrypted data cannot be read"


@pytest.mark.parametrize(
    ("key", "iv", "data"),
    [
        ("", IV, A2_PHONE),
        ("AAAA", IV, A2_PHONE),
        (KEY, "AAAA", A2_PHONE),
        (KEY, IV, ""),
        (KEY, IV, "AAAA"),
        (KEY, IV, A1_ENCRYPTED.replace("+", " ")),
        (KEY, IV, A1_ENCRYPTED[:-1]),
        (KEY, IV, "A" * 100_000),
    ],
)
def test_what_is_not_base64_of_the_right_size_fails_alike(key, iv, data):
    with pytest.raises(DecryptFailed):
        decrypt_user_data(key, iv, data, appid=APPID, now=A2_TIME)


def test_a3_wechats_sample_of_raw_data():
    key = "HyVFkGl5F5OQWJZZaNzBBg=="
    signature = "75e81ceda165f4ffa64f4068af58c64b8f54b88c"
    assert raw_data_matches(key, A3_RAW, signature)
    assert not raw_data_matches(key, A3_RAW.replace(",", ", "), signature)
    assert not raw_data_matches(key, A3_RAW, signature.upper())
    assert not raw_data_matches(key, A3_RAW, "é")


@pytest.mark.parametrize(
    ("key", "message", "signature"),
    [
        (
            "o0q0otL8aEzpcZL/FT9WsQ==",
            '{"foo":"bar"}',
            "654571f79995b2ce1e149e53c0a33dc39c0a74090db514261454e8dbe432aa0b",
        ),
        ("o0q0otL8aEzpcZL/FT9WsQ==", "", "46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed128"),
        (KEY, "", "7154f9f8b4b76b92f541cbf0e37d48840fa06e5e42da92a6f80168a1516a4735"),
    ],
)
def test_a4_the_key_of_a_session_signature_is_its_text(key, message, signature):
    assert session_signature(key, message) == signature


def test_a5_virtual_payment():
    body = '{"openid": "xxx", "user_ip": "127.0.0.1", "env": 0}'
    pay = "c37809f27c6d7fd1837ad2500a04512b66b34fd793a39a385fade56dca89a4b5"
    assert payment_signature("12345", "/xpay/query_user_balance", body) == pay
    assert payment_signature("12345", "/xpay/query_user_balance?access_token=x", body) == pay
    user = "089d9e8dc5d308977360c4b79ec600a93d736802802a807d634192328032f6c7"
    assert session_signature("9hAb/NEYUlkaMBEsmFgzig==", body) == user


def test_padding_is_whole_or_nothing():
    assert without_padding(b"a" + b"\x03" * 3, 16) == b"a"
    assert without_padding(b"\x02\x02", 16) == b""
    assert without_padding(b"", 16) is None
    assert without_padding(b"\x03\x03", 16) is None


def test_texts_of_any_kind_can_be_compared():
    assert same_text("你", "你")
    assert not same_text("\ud800", "?")
    assert not raw_data_matches(KEY, "\ud800", "?")
