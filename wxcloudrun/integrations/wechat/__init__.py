"""WeChat's server interfaces: login, access token, phone number, messages, codes, content check, push, Cloud Run."""
