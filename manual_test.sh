#!/usr/bin/env bash
# Tests against the real WeChat, with the AppID and AppSecret of .env.manual (see .env.manual.example).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
exec python3 scripts/run_tests.py --manual "$@"
