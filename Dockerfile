# syntax=docker/dockerfile:1

# ---- Build -------------------------------------------------------------------------------------------------------
FROM rust:1.95-slim-bookworm AS build

# gcc compiles SQLite and libpq, which are part of the program; libssl-dev is for encrypted connections to PostgreSQL.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev libssl-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /build

# Dependencies first, with an empty program in the place of ours: this layer is built again only when they change.
# rust-toolchain.toml stays outside, because it asks for tools that only developers need.
COPY .cargo .cargo
COPY Cargo.toml Cargo.lock ./
RUN mkdir src \
    && echo 'fn main() {}' > src/main.rs \
    && touch src/lib.rs \
    && cargo build --release --locked --features postgres-tls

COPY migrations migrations
COPY src src
# Cargo compares times: what was copied must be younger than the empty program.
RUN find src migrations -type f -exec touch {} + \
    && cargo build --release --locked --features postgres-tls

# ---- Run ---------------------------------------------------------------------------------------------------------
FROM debian:bookworm-slim AS run

RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libssl3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/vertragswerk --create-home --shell /usr/sbin/nologin vertragswerk

COPY --from=build /build/target/release/vertragswerk /usr/local/bin/vertragswerk

USER vertragswerk
# Where a SQLite database ends up (data/vertragswerk.db) unless DATABASE_URL says otherwise.
WORKDIR /var/lib/vertragswerk
RUN mkdir data
VOLUME /var/lib/vertragswerk/data

ENV BIND_ADDR=0.0.0.0:8080 \
    LOG_FORMAT=json
EXPOSE 8080

# The shell's own TCP, so that no HTTP client has to be installed.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["bash", "-c", \
    "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /readyz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]

# The server finishes the requests it is serving, and the due loop the transaction it is in.
STOPSIGNAL SIGTERM

ENTRYPOINT ["vertragswerk"]
# Without --demo: refuses to start until its secrets are set.
CMD ["serve"]
