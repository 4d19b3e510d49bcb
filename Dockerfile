# syntax=docker/dockerfile:1
# One image with the three commands: refrain-api (the default), refrain-ingest and migration. compose.yaml runs them all.

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# The caches stay with the builder from one build to the next, so that only what changed is compiled again. They are no
# part of the image, hence the copy in the same step.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked --bins -p api -p ingest -p migration \
    && install -D -t /out target/release/refrain-api target/release/refrain-ingest target/release/migration

FROM debian:bookworm-slim
# The authorities that Spotify's and S3's certificates are checked against. The home folder is where relative paths in
# the settings lead: the embedded database, the archive and the spool.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --home-dir /var/lib/refrain --create-home --shell /usr/sbin/nologin refrain
COPY --from=build /out/ /usr/local/bin/
# By number, so that an orchestrator can see that it is not root.
USER 10001
WORKDIR /var/lib/refrain
VOLUME /var/lib/refrain
# Asks the server at LISTEN_ADDR whether it is ready. Containers that run another command switch this off.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["refrain-api", "health"]
CMD ["refrain-api"]
