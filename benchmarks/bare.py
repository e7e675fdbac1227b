"""The least a Flask service can do: one route, no database. What ours is compared with."""

from flask import Flask, jsonify

app = Flask(__name__)
PROFILE = {
    "id": 1,
    "nickname": "somebody",
    "gender": 0,
    "language": "zh_CN",
    "signature": "",
    "avatar_url": None,
    "phone": None,
    "role": {"value": 1, "name": "user"},
    "status": {"value": 1, "name": "active"},
    "verification": {"value": 0, "name": "none"},
    "version": 1,
    "created_at": "2026-01-01T00:00:00.000Z",
    "updated_at": "2026-01-01T00:00:00.000Z",
}


@app.get("/profile")
def profile():
    return jsonify({"code": 1, "data": PROFILE, "msg": "success"})
