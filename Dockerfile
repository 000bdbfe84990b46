# One image for every role: `docker run fanlight node --roles web`. compose.yaml shows them together.

FROM node:22-bookworm-slim AS frontend
WORKDIR /build/web/frontend
COPY web/frontend/package.json web/frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web/frontend ./
RUN npm run build

FROM python:3.11-slim-bookworm AS python
WORKDIR /build
RUN python -m venv /opt/fanlight
COPY requirements/run.lock requirements/run.lock
RUN /opt/fanlight/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/run.lock
COPY pyproject.toml README.md LICENSE ./
COPY chat chat
COPY ingest ingest
COPY storage storage
COPY transcoder transcoder
COPY web web
COPY --from=frontend /build/web/static web/static
RUN /opt/fanlight/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --create-home --home-dir /data fanlight
COPY --from=python /opt/fanlight /opt/fanlight
ENV PATH=/opt/fanlight/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    FANLIGHT_HOST=0.0.0.0 \
    FANLIGHT_DATA=/data
USER fanlight
WORKDIR /data
VOLUME /data
# web, edge, media, operations
EXPOSE 8000/tcp 8001/tcp 8002/udp 8003/tcp 8004/tcp 8006/tcp
ENTRYPOINT ["fanlight"]
CMD ["up"]
