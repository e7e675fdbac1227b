"""Who may call what. Whoever adds a route adds its row; tests/integration/test_roles.py tries every cell.

A row is `"METHOD /path": (anonymous, other, owner, verified, administrator)`.

- *anonymous* sends no token. *other* is an ordinary user, *owner* the ordinary user whose row the path names (their
  session, application, image, person), *verified* a verified user, *administrator* an administrator; none of the last
  two owns the row.
- `ok`: let in. What it was then told (done, wrong body, conflict with the present state) is other tests' business,
  but it was none of the refusals below and no fault of ours.
- `401` log in first, `403` not with these rights, `404` not there for these eyes.

Placeholders of paths are filled with the owner's rows: {session_id}, {user_id}, {application_id}, {material_id}; {name}
with a name that no file has; {case_id} of the library with somebody's public case. A new kind of row is made in `Stage` in test_roles.py.

Routes of a project stand in `PROJECT_TABLE`, whose rows are
`"METHOD /path": (anonymous, stranger, viewer, runner, editor, owner, administrator)`: a stranger is a verified user who is no
member, the administrator one of the service, who is no member either. {project_id}, {environment_id}, {case_id},
{scenario_id}, {step_id}, {dataset_id}, {file_id}, {invitation_id}, {token_id}, {trigger_id}, {schedule_id}, {channel_id}, {rule_id}, {delivery_id}, {run_id} with its result {seq}, its body {sha256} and {share_id} belong
to the project, {user_id} is one more member.
"""

ANYONE = ("ok", "ok", "ok", "ok", "ok")
USERS = ("401", "ok", "ok", "ok", "ok")  # what is one's own, whoever one is: the path names nobody
VERIFIED = ("401", "403", "403", "ok", "ok")
ADMINISTRATORS = ("401", "403", "403", "403", "ok")
OWNERS = ("401", "404", "ok", "404", "404")
NOBODY = ("404", "404", "404", "404", "404")  # switched off unless the operator sets it up, or no such file

TABLE: dict[str, tuple[str, str, str, str, str]] = {
    # counter
    "GET /api/count": ANYONE,
    "POST /api/count": ANYONE,
    # auth
    "POST /api/login": ANYONE,
    "POST /api/refresh_token": ANYONE,
    "POST /api/logout": USERS,
    "GET /api/user/sessions": USERS,
    "DELETE /api/user/sessions": USERS,
    "DELETE /api/user/sessions/{session_id}": OWNERS,
    "DELETE /api/users/{user_id}/sessions": ADMINISTRATORS,
    # users: one's own data
    "GET /api/user/profile": USERS,
    "PUT /api/user/profile": USERS,
    "POST /api/user/profile": USERS,
    "POST /api/user/phone": USERS,
    "DELETE /api/user/phone": USERS,
    "POST /api/user/avatar": USERS,
    "DELETE /api/user/avatar": USERS,
    "GET /api/user/verification": USERS,
    "POST /api/user/verification": USERS,
    "POST /api/user/verification/materials": USERS,
    "GET /api/user/export": USERS,
    "DELETE /api/user": USERS,
    # users: other people's data
    "GET /api/users": ADMINISTRATORS,
    "POST /api/users": ADMINISTRATORS,
    "GET /api/users/{user_id}": ADMINISTRATORS,
    "PUT /api/users/{user_id}": ADMINISTRATORS,
    "DELETE /api/users/{user_id}": ADMINISTRATORS,
    "GET /api/verifications": ADMINISTRATORS,
    "GET /api/verifications/{application_id}": ADMINISTRATORS,
    "PUT /api/verifications/{application_id}": ADMINISTRATORS,
    "GET /media/avatars/{name}": NOBODY,
    "GET /media/materials/{material_id}": ADMINISTRATORS,
    # wechat
    "GET /wechat/push": NOBODY,
    "POST /wechat/push": NOBODY,
    "POST /api/wechat/qrcodes": VERIFIED,
    "POST /api/wechat/links": VERIFIED,
    "POST /api/wechat/text_checks": VERIFIED,
    "POST /api/wechat/sessions/check": USERS,
    "GET /api/wechat/subscriptions": USERS,
    "POST /api/wechat/subscriptions": USERS,
    "POST /api/wechat/messages": ADMINISTRATORS,
    # projects: what is one's own; the rest stands in PROJECT_TABLE
    "GET /api/projects": USERS,
    "POST /api/projects": VERIFIED,
    "GET /api/invitations": USERS,
    "POST /api/invitations/accept": USERS,
    # the library of public cases
    "GET /api/library/cases": VERIFIED,
    "GET /api/library/cases/{case_id}": VERIFIED,
    "POST /api/library/cases/{case_id}/copy": VERIFIED,
    # a trigger's address: its signature is asked for, and there is none with this key
    "POST /api/hooks/{key}": NOBODY,
    # reports: a link that nobody was given
    "GET /r/{token}": NOBODY,
    # audit, health
    "GET /api/audit": ADMINISTRATORS,
    "GET /healthz": ANYONE,
    "GET /readyz": ANYONE,
    "GET /metrics": NOBODY,
    # pages
    "GET /": ANYONE,
    "GET /docs": ANYONE,
    "GET /openapi.json": ANYONE,
    "GET /ci.pyz": ANYONE,
    "GET /assets/{name}": NOBODY,
    "GET /docs/manual/": ANYONE,
    "GET /docs/manual/{name}": NOBODY,
}

MEMBERS = ("401", "404", "ok", "ok", "ok", "ok", "ok")
RUNNERS = ("401", "404", "403", "ok", "ok", "ok", "ok")
EDITORS = ("401", "404", "403", "403", "ok", "ok", "ok")
OWNERS_OF_IT = ("401", "404", "403", "403", "403", "ok", "ok")
ADMINISTRATORS_OF_ALL = ("401", "404", "403", "403", "403", "403", "ok")
_IT = "/api/projects/{project_id}"
_SETS = f"{_IT}/cases/{{case_id}}/datasets"

PROJECT_TABLE: dict[str, tuple[str, str, str, str, str, str, str]] = {
    f"GET {_IT}": MEMBERS,
    f"PUT {_IT}": OWNERS_OF_IT,
    f"POST {_IT}/archive": OWNERS_OF_IT,
    f"POST {_IT}/restore": OWNERS_OF_IT,
    f"POST {_IT}/transfer": OWNERS_OF_IT,
    f"GET {_IT}/activity": MEMBERS,
    f"GET {_IT}/members": MEMBERS,
    f"PUT {_IT}/members/{{user_id}}": OWNERS_OF_IT,
    f"DELETE {_IT}/members/{{user_id}}": OWNERS_OF_IT,
    f"GET {_IT}/invitations": OWNERS_OF_IT,
    f"POST {_IT}/invitations": OWNERS_OF_IT,
    f"DELETE {_IT}/invitations/{{invitation_id}}": OWNERS_OF_IT,
    f"POST {_IT}/invitations/{{invitation_id}}/qrcode": OWNERS_OF_IT,
    f"GET {_IT}/tokens": EDITORS,
    # A token is a member's: an administrator who is none gets none.
    f"POST {_IT}/tokens": ("401", "404", "403", "403", "ok", "ok", "403"),
    f"DELETE {_IT}/tokens/{{token_id}}": EDITORS,
    f"GET {_IT}/environments": MEMBERS,
    f"POST {_IT}/environments": EDITORS,
    f"GET {_IT}/environments/{{environment_id}}": MEMBERS,
    f"PUT {_IT}/environments/{{environment_id}}": EDITORS,
    f"DELETE {_IT}/environments/{{environment_id}}": EDITORS,
    f"POST {_IT}/environments/{{environment_id}}/copy": EDITORS,
    f"POST {_IT}/environments/{{environment_id}}/default": EDITORS,
    f"GET {_IT}/variables": MEMBERS,
    f"PUT {_IT}/variables": EDITORS,
    f"GET {_IT}/files": MEMBERS,
    f"POST {_IT}/files": EDITORS,
    f"GET {_IT}/files/{{file_id}}": MEMBERS,
    f"GET {_IT}/files/{{file_id}}/content": MEMBERS,
    f"DELETE {_IT}/files/{{file_id}}": EDITORS,
    f"GET {_SETS}": MEMBERS,
    f"POST {_SETS}": EDITORS,
    f"POST {_SETS}/import": EDITORS,
    f"DELETE {_SETS}/default": EDITORS,
    f"GET {_SETS}/{{dataset_id}}": MEMBERS,
    f"PUT {_SETS}/{{dataset_id}}": EDITORS,
    f"DELETE {_SETS}/{{dataset_id}}": EDITORS,
    f"POST {_SETS}/{{dataset_id}}/copy": EDITORS,
    f"POST {_SETS}/{{dataset_id}}/move": EDITORS,
    f"POST {_SETS}/{{dataset_id}}/default": EDITORS,
    f"GET {_IT}/cases": MEMBERS,
    f"POST {_IT}/cases": EDITORS,
    f"POST {_IT}/cases/check": EDITORS,
    f"GET {_IT}/cases/{{case_id}}": MEMBERS,
    f"PUT {_IT}/cases/{{case_id}}": EDITORS,
    f"DELETE {_IT}/cases/{{case_id}}": EDITORS,
    f"POST {_IT}/cases/{{case_id}}/restore": EDITORS,
    f"POST {_IT}/cases/{{case_id}}/copy": EDITORS,
    f"POST {_IT}/cases/{{case_id}}/move": EDITORS,
    f"GET {_IT}/cases/{{case_id}}/versions": MEMBERS,
    f"GET {_IT}/cases/{{case_id}}/versions/{{version}}": MEMBERS,
    f"GET {_IT}/cases/{{case_id}}/versions/{{version}}/difference": MEMBERS,
    f"POST {_IT}/cases/{{case_id}}/versions/{{version}}/restore": EDITORS,
    f"GET {_IT}/scenarios": MEMBERS,
    f"POST {_IT}/scenarios": EDITORS,
    f"GET {_IT}/scenarios/{{scenario_id}}": MEMBERS,
    f"PUT {_IT}/scenarios/{{scenario_id}}": EDITORS,
    f"DELETE {_IT}/scenarios/{{scenario_id}}": EDITORS,
    f"POST {_IT}/scenarios/{{scenario_id}}/restore": EDITORS,
    f"POST {_IT}/scenarios/{{scenario_id}}/copy": EDITORS,
    f"GET {_IT}/scenarios/{{scenario_id}}/check": MEMBERS,
    f"GET {_IT}/scenarios/{{scenario_id}}/steps": MEMBERS,
    f"POST {_IT}/scenarios/{{scenario_id}}/steps": EDITORS,
    f"GET {_IT}/scenarios/{{scenario_id}}/steps/{{step_id}}": MEMBERS,
    f"PUT {_IT}/scenarios/{{scenario_id}}/steps/{{step_id}}": EDITORS,
    f"DELETE {_IT}/scenarios/{{scenario_id}}/steps/{{step_id}}": EDITORS,
    f"POST {_IT}/scenarios/{{scenario_id}}/steps/{{step_id}}/move": EDITORS,
    f"POST {_IT}/scenarios/{{scenario_id}}/steps/{{step_id}}/copy": EDITORS,
    f"POST {_IT}/runs": RUNNERS,
    f"GET {_IT}/runs": MEMBERS,
    f"GET {_IT}/runs/{{run_id}}": MEMBERS,
    f"POST {_IT}/runs/{{run_id}}/cancel": RUNNERS,
    f"POST {_IT}/runs/{{run_id}}/rerun": RUNNERS,
    f"DELETE {_IT}/runs/{{run_id}}": EDITORS,
    f"GET {_IT}/runs/{{run_id}}/results": MEMBERS,
    f"GET {_IT}/runs/{{run_id}}/results/{{seq}}": MEMBERS,
    f"GET {_IT}/runs/{{run_id}}/bodies/{{sha256}}": MEMBERS,
    f"GET {_IT}/runs/{{run_id}}/report": MEMBERS,
    f"GET {_IT}/runs/{{run_id}}/report/steps": MEMBERS,
    f"GET {_IT}/runs/{{run_id}}/report.html": MEMBERS,
    f"GET {_IT}/runs/{{run_id}}/junit.xml": MEMBERS,
    f"GET {_IT}/runs/{{run_id}}/allure.zip": MEMBERS,
    f"GET {_IT}/runs/{{run_id}}/har": MEMBERS,
    f"GET {_IT}/runs/{{run_id}}/results.csv": MEMBERS,
    f"GET {_IT}/runs/{{run_id}}/shares": EDITORS,
    f"POST {_IT}/runs/{{run_id}}/shares": EDITORS,
    f"DELETE {_IT}/runs/{{run_id}}/shares/{{share_id}}": EDITORS,
    f"GET {_IT}/schedules": MEMBERS,
    # As with tokens: its runs have the rights of who made or changed it.
    f"POST {_IT}/schedules": ("401", "404", "403", "403", "ok", "ok", "403"),
    f"GET {_IT}/schedules/preview": MEMBERS,
    f"GET {_IT}/schedules/ticks": MEMBERS,
    f"GET {_IT}/schedules/{{schedule_id}}": MEMBERS,
    f"PUT {_IT}/schedules/{{schedule_id}}": ("401", "404", "403", "403", "ok", "ok", "403"),
    f"DELETE {_IT}/schedules/{{schedule_id}}": EDITORS,
    f"POST {_IT}/schedules/{{schedule_id}}/pause": EDITORS,
    f"POST {_IT}/schedules/{{schedule_id}}/resume": EDITORS,
    f"POST {_IT}/schedules/{{schedule_id}}/run": RUNNERS,
    f"GET {_IT}/schedules/{{schedule_id}}/ticks": MEMBERS,
    f"GET {_IT}/trends": MEMBERS,
    f"GET {_IT}/clusters": MEMBERS,
    f"GET {_IT}/clusters/{{cluster_id}}": MEMBERS,
    f"PUT {_IT}/clusters/{{cluster_id}}": EDITORS,
    f"POST {_IT}/clusters/{{cluster_id}}/merge": EDITORS,
    f"POST {_IT}/clusters/{{cluster_id}}/split": EDITORS,
    f"GET {_IT}/clusters/{{cluster_id}}/failures": MEMBERS,
    f"GET {_IT}/runs/{{run_id}}/compare/{{other}}": MEMBERS,
    f"GET {_IT}/flaky": MEMBERS,
    f"GET {_IT}/incidents": MEMBERS,
    f"POST {_IT}/cases/{{case_id}}/quarantine": EDITORS,
    f"DELETE {_IT}/cases/{{case_id}}/quarantine": EDITORS,
    f"GET {_IT}/triggers": EDITORS,
    # As with tokens: what it begins has its maker's rights.
    f"POST {_IT}/triggers": ("401", "404", "403", "403", "ok", "ok", "403"),
    f"GET {_IT}/triggers/{{trigger_id}}": EDITORS,
    f"PUT {_IT}/triggers/{{trigger_id}}": ("401", "404", "403", "403", "ok", "ok", "403"),
    f"DELETE {_IT}/triggers/{{trigger_id}}": EDITORS,
    f"GET {_IT}/notifications/channels": EDITORS,
    f"POST {_IT}/notifications/channels": EDITORS,
    f"GET {_IT}/notifications/channels/{{channel_id}}": EDITORS,
    f"PUT {_IT}/notifications/channels/{{channel_id}}": EDITORS,
    f"DELETE {_IT}/notifications/channels/{{channel_id}}": EDITORS,
    f"POST {_IT}/notifications/channels/{{channel_id}}/test": EDITORS,
    f"GET {_IT}/notifications/rules": EDITORS,
    f"POST {_IT}/notifications/rules": EDITORS,
    f"GET {_IT}/notifications/rules/{{rule_id}}": EDITORS,
    f"PUT {_IT}/notifications/rules/{{rule_id}}": EDITORS,
    f"DELETE {_IT}/notifications/rules/{{rule_id}}": EDITORS,
    f"GET {_IT}/notifications/deliveries": EDITORS,
    f"GET {_IT}/notifications/deliveries/{{delivery_id}}": EDITORS,
    f"POST {_IT}/notifications/deliveries/{{delivery_id}}/replay": EDITORS,
    f"GET {_IT}/retention": MEMBERS,
    f"PUT {_IT}/retention": OWNERS_OF_IT,
    f"GET {_IT}/address_grants": MEMBERS,
    f"POST {_IT}/address_grants": ADMINISTRATORS_OF_ALL,
    f"DELETE {_IT}/address_grants/{{grant_id}}": ADMINISTRATORS_OF_ALL,
    f"GET {_IT}/runs/{{run_id}}/events": MEMBERS,
}
