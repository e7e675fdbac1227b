# The service, its worker and its migrations in one image: `gunicorn run:app` (default), `flask worker`,
# `python run_migrations.py upgrade`. docs/deployment.md explains the choices.
FROM python:3.12-slim-bookworm AS packages
# An https mirror of the package index; every package is checked against its hash, so any mirror is safe.
ARG PIP_INDEX_URL=""
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY requirements.txt ./
RUN case "$PIP_INDEX_URL" in ""|https://*) ;; *) echo "PIP_INDEX_URL must begin with https://" >&2; exit 1 ;; esac \
    && python -m venv /opt/venv \
    && /opt/venv/bin/pip install --require-hashes --only-binary :all: -r requirements.txt

FROM python:3.12-slim-bookworm
RUN groupadd --gid 10001 app && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin app \
    && install -d -o 10001 -g 10001 /data
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY config.py run.py run_migrations.py gunicorn.conf.py ./
COPY migrations ./migrations
COPY docker ./docker
COPY docs ./docs
COPY wxcloudrun ./wxcloudrun
# Rows hold UTC; TZ is for what the C library prints. TZDIR: the zones come with the packages.
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/tmp \
    TZ=Asia/Shanghai \
    TZDIR=/opt/venv/lib/python3.12/site-packages/tzdata/zoneinfo \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FLASK_APP=run.py \
    FLASK_ENV=production \
    DATA_DIR=/data \
    PORT=80
USER 10001:10001
VOLUME ["/data"]
EXPOSE 80
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["python", "docker/healthcheck.py"]
CMD ["gunicorn", "run:app"]
