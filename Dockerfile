# The service and its workers. `docker compose up` (compose.yaml) is the short way; see docs/en/containers.md.
#
# Base images are pinned by digest: change tag and digest together. No secret belongs in here, nor in a build argument:
# whoever has the image can read both.

FROM python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d AS build

# Torch for CPUs comes from here; for another device name the index that has it.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN python -m venv /opt/verso \
    && /opt/verso/bin/pip install --no-cache-dir --extra-index-url "$TORCH_INDEX" -c constraints.txt \
       '.[service,train,postgres]'

FROM python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d

COPY --from=build /opt/verso /opt/verso
RUN groupadd --gid 10001 verso \
    && useradd --uid 10001 --gid verso --no-create-home --home-dir /data verso \
    && install -d -o verso -g verso -m 0700 /data

# The home is a folder below the volume: what is mounted can take no other folder's place (`verso restore`).
ENV PATH=/opt/verso/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    RECTOVERSO_HOME=/data/home
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8040
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8040/healthz', timeout=4)"]
ENTRYPOINT ["verso"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8040"]
