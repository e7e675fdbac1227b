"""Signatures and ciphers against WeChat's published samples."""

import base64
import hashlib

import pytest

from wxcloudrun.simulator import crypto
from wxcloudrun.simulator.constants import DEFAULT_ENCODING_AES_KEY

SESSION_KEY = "tiihtNczf5v6AKRyjwEUhQ=="
IV = base64.b64decode("r7BXXKkLb8qrSNn05n0qiA==")
AES_KEY = "A" * 43
APPID = "wxba5fad812f8e6fb9"
TOKEN = "AAAAA"
PROFILE = (
    '{"openId":"oGZUI0egBJY1zhBYw2KhdUfwVJJE","nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou",'
    '"province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/aSKcBBPpibyKNicHNTMM0qJVh8Kjgiak2'
    'AHWr8MHM4WgMEm7GFhsf8OYrySdbvAMvTsw3mo8ibKicsnfN5pRjl1p8HQ/0","unionId":"ocMvos6NjeKLIBqg5Mr9QjxrP1FA",'
    '"watermark":{"timestamp":1477314187,"appid":"wx4f4bc4dec97d474b"}}'
)
PROFILE_SEALED = (
    "CiyLU1Aw2KjvrjMdj8YKliAjtP4gsMZMQmRzooG2xrDcvSnxIMXFufNstNGTyaGS9uT5geRa0W4oTOb1WT7fJlAC+oNPdbB+3hVbJSRgv+4lGOETKUQz"
    "6OYStslQ142dNCuabNPGBzlooOmB231qMM85d2/fV6ChevvXvQP8Hkue1poOFtnEtpyxVLW1zAo6/1Xx1COxFvrc2d7UL/lmHInNlxuacJXwu0fjpXfz"
    "/YqYzBIBzD6WUfTIF9GRHpOn/Hz7saL8xz+W//FRAUid1OksQaQx4CMs8LOddcQhULW4ucetDf96JcR3g0gfRK4PC7E/r7Z6xNrXd2UIeorGj5Ef7b1p"
    "JAYB6Y5anaHqZ9J6nKEBvB4DnNLIVWSgARns/8wR2SiRS7MNACwTyrGvt9ts8p12PKFdlqYTopNHR1Vf7XjfhQlVsAJdNiKdYmYVoKlaRv85IfVunYzO"
    "0IKXsyl7JCUjCpoG20f0a04COwfneQAGGwd5oa+T8yO5hzuyDb/XcxxmK01EpqOyuxINew=="
)
PHONE = (
    '{"phoneNumber":"13800138000","purePhoneNumber":"13800138000","countryCode":"86",'
    '"watermark":{"timestamp":1700000000,"appid":"wx4f4bc4dec97d474b"}}'
)
PHONE_SEALED = (
    "xT8p8W6jIVdEWQ+ccHuD2e4wlKOvkPACqSwR7g001A10cjwdM46gdn01GiQUKaqPzPDRMqCU65RqoH1SV87iasZARr/+0tJRzfFqQAAyBnqrunz9Sbe6"
    "xQGlPr95Uo9y/A9Sup64tUE4UVYwGsaRyE+JSNYeG2IMx4gaUgt0+dkOba1xRqBfBE5USsSp+vuoyQqqzgtB8swLoIZhMwIutw=="
)
FOREIGN_PHONE_SEALED = (
    "xT8p8W6jIVdEWQ+ccHuD2e4wlKOvkPACqSwR7g001A10cjwdM46gdn01GiQUKaqPzPDRMqCU65RqoH1SV87iasZARr/+0tJRzfFqQAAyBnqrunz9Sbe6"
    "xQGlPr95Uo9y/A9Sup64tUE4UVYwGsaRyCTTQZ451dF+m9PI+pdRy0NBp0GuamvZZfZhnxJULEBiqfGaJs1I2gf8DH9ELXssCQ=="
)
DEBUG_EVENT = (
    '{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,'
    '"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}'
)
DEBUG_SEALED = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT"
    "740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8Y"
    "L/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
)
EMOJI_MESSAGE = (
    "<xml><ToUserName><![CDATA[gh_97417a04a28d]]></ToUserName><FromUserName><![CDATA[o9AgO5Kd5ggOC-bXrbNODIiE3bGY]]>"
    "</FromUserName><CreateTime>1714112445</CreateTime><MsgType><![CDATA[text]]></MsgType>"
    "<Content><![CDATA[你好😀]]></Content><MsgId>23456789012345678</MsgId></xml>"
)
EMOJI_SEALED = (
    "uMMzGtqcnpOzXOYBwDQNrbPcas75m0n3v5GgsDN+yHFS/93MITIs5nPup1Dw6X2eeV6KGAqB3TK7dq1tSHqOwh/lrBW2rTp3Zelb35GMeoACtg"
    "aDf5i7iLtM1CRgMKVSEU0Yu70lHDvy2mdV5/cLYKYGsVQ1P1AY7Mu6pqCMavWLEryWW0z4tss332vsnHAfwgLFTOPAtO/ei7nllb59KdDSXLhr"
    "8wTL4To/f1efMlx4uaPFJpLRK+1YHkVkZlxvVuXdTzh5rEpldy+v6MkqsCIdQtcpM1mSFSBmmzmzSU6HmsnDdjZGCCZwZw5RmMziFByzbsvNop"
    "rcRAUeHOFNLxD3IV5srih6KGYojSpVGkbYx2gzGy+lnLTXi3jUbpMsRo+h99dw4zNrZxk0/DeW1O08lUyObF7itPAGaonpZaQ="
)


@pytest.mark.parametrize(
    ("plain", "sealed"),
    [
        (PROFILE, PROFILE_SEALED),
        (PHONE, PHONE_SEALED),
        (PHONE.replace("wx4f4bc4dec97d474b", "wx0000000000000000"), FOREIGN_PHONE_SEALED),
    ],
)
def test_user_data_is_sealed_as_in_the_official_sample(plain, sealed):
    assert crypto.encrypt_user_data(SESSION_KEY, IV, plain.encode()) == sealed


def test_raw_data_is_signed_as_in_the_official_sample():
    raw = (
        '{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN",'
        '"avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol6503Iuswjjn6nIGBiaycAjAtpujxyzY'
        'srztuuICqIM5ibXQ/0"}'
    )
    signature = crypto.raw_data_signature(raw, "HyVFkGl5F5OQWJZZaNzBBg==")
    assert signature == "75e81ceda165f4ffa64f4068af58c64b8f54b88c"


@pytest.mark.parametrize(
    ("key", "message", "expected"),
    [
        (
            "o0q0otL8aEzpcZL/FT9WsQ==",
            '{"foo":"bar"}',
            "654571f79995b2ce1e149e53c0a33dc39c0a74090db514261454e8dbe432aa0b",
        ),
        ("o0q0otL8aEzpcZL/FT9WsQ==", "", "46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed128"),
        (SESSION_KEY, "", "7154f9f8b4b76b92f541cbf0e37d48840fa06e5e42da92a6f80168a1516a4735"),
    ],
)
def test_a_session_key_signs_as_text_and_is_not_decoded(key, message, expected):
    assert crypto.text_key_hmac(key, message) == expected


def test_a_payment_is_signed_as_published():
    body = b'{"openid": "xxx", "user_ip": "127.0.0.1", "env": 0}'
    assert crypto.pay_signature("12345", "/xpay/query_user_balance", body) == (
        "c37809f27c6d7fd1837ad2500a04512b66b34fd793a39a385fade56dca89a4b5"
    )
    assert crypto.text_key_hmac("9hAb/NEYUlkaMBEsmFgzig==", body) == (
        "089d9e8dc5d308977360c4b79ec600a93d736802802a807d634192328032f6c7"
    )


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((TOKEN, "1714036504", "1514711492"), "f464b24fc39322e44b38aa78f5edd27bd1441696"),
        ((TOKEN, "1714037059", "486452656"), "899cf89e464efb63f54ddac96b0a0a235f53aa78"),
        ((TOKEN, "1714112445", "415670741"), "6c5c811b55cc85e0e1b54100749188c20beb3f5d"),
        ((TOKEN, "1714112445", "415670741", DEBUG_SEALED), "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"),
        ((TOKEN, "1714112445", "415670741", EMOJI_SEALED), "af12c5f3d7ea20541dabd2574281fc5c2771793b"),
    ],
)
def test_a_push_is_signed_over_its_sorted_parts(parts, expected):
    assert crypto.sorted_sha1(*parts) == expected


def test_a_pushed_event_is_sealed_and_opened_as_in_the_official_sample():
    sealed = crypto.encrypt_push(AES_KEY, APPID, DEBUG_EVENT.encode(), b"a8eedb185eb2fecf")
    assert sealed == DEBUG_SEALED
    assert crypto.decrypt_push(AES_KEY, APPID, sealed).decode() == DEBUG_EVENT


def test_a_reply_is_sealed_and_signed_as_in_the_official_sample():
    sealed = crypto.encrypt_push(AES_KEY, APPID, b'{"demo_resp":"good luck"}', b"707722b803182950")
    assert sealed == "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    signature = crypto.sorted_sha1(TOKEN, "1713424427", "415670741", sealed)
    assert signature == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"


def test_a_chinese_message_is_sealed_as_published():
    key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
    sealed = crypto.encrypt_push(key, "wxb11529c136998cb6", "我是中文abcd123".encode(), b"aaaabbbbccccdddd")
    assert sealed == "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=="
    assert crypto.sorted_sha1("pamtest", "1409304348", "xxxxxx", sealed) == "82c962d39941aa48552f90ef55aa323dc620cc10"


def test_an_encrypted_echo_is_opened():
    echo = "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q=="
    key = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR"
    assert crypto.decrypt_push(key, "wx49f0ab532d5d035a", echo) == b"5927782489442352469"
    assert crypto.sorted_sha1("123456", "1411443780", "437374425", echo) == "dd6b9c95b495b3f7e2901bfbc76c664930ffdb96"


def test_a_message_with_emoji_keeps_its_bytes():
    message = EMOJI_MESSAGE.encode()
    assert hashlib.sha256(message).hexdigest() == "2ad9035a559fe128ae3e0bfab2471164b0ee05156eb7c34bbdcf16dc13008c03"
    assert crypto.encrypt_push(AES_KEY, APPID, message, b"0123456789abcdef") == EMOJI_SEALED
    assert crypto.decrypt_push(AES_KEY, APPID, EMOJI_SEALED) == message


def test_a_message_of_another_app_is_not_opened():
    with pytest.raises(crypto.CipherError, match="appid"):
        crypto.decrypt_push(AES_KEY, "wx0000000000000000", DEBUG_SEALED)


@pytest.mark.parametrize("sealed", ["", "###", "AAAA", DEBUG_SEALED[:-24], base64.b64encode(b"\0" * 32).decode()])
def test_a_broken_message_is_a_cipher_error(sealed):
    with pytest.raises(crypto.CipherError):
        crypto.decrypt_push(AES_KEY, APPID, sealed)


def test_a_stated_length_beyond_the_end_is_a_cipher_error():
    key = crypto.push_key(AES_KEY)
    whole = b"0" * 16 + (999).to_bytes(4, "big") + b"short"
    sealed = base64.b64encode(crypto._cbc(key, key[:16], crypto._pad(whole, 32))).decode()
    with pytest.raises(crypto.CipherError, match="length"):
        crypto.decrypt_push(AES_KEY, APPID, sealed)


def test_a_key_of_another_length_is_refused():
    with pytest.raises(crypto.CipherError, match="43"):
        crypto.push_key("A" * 39)


def test_the_demo_key_is_a_valid_key_and_so_is_the_other_one():
    other = crypto.other_aes_key(DEFAULT_ENCODING_AES_KEY)
    assert len(crypto.push_key(DEFAULT_ENCODING_AES_KEY)) == len(crypto.push_key(other)) == 32
    assert other != DEFAULT_ENCODING_AES_KEY
