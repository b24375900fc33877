# syntax=docker/dockerfile:1
FROM rust:1.95.0-bookworm AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends mold \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY . .
# The caches outlive a build but are no part of the image, hence the copy within the same step.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked --package trader --bin sextant \
    && cp target/release/sextant /usr/local/bin/sextant

FROM debian:bookworm-20251229-slim
RUN groupadd --system --gid 10001 sextant \
    && useradd --system --uid 10001 --gid sextant --no-create-home --home-dir /var/lib/sextant \
        --shell /usr/sbin/nologin sextant \
    && install --directory --owner sextant --group sextant --mode 0700 /var/lib/sextant
# The venue's certificate is checked against these.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
# Migrations and profiles are compiled into the binary.
COPY --from=build /usr/local/bin/sextant /usr/local/bin/sextant
USER 10001:10001
WORKDIR /var/lib/sextant
ENV SEXTANT_DATA_DIR=/var/lib/sextant SEXTANT_METRICS_ADDR=0.0.0.0:9464
EXPOSE 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --retries=3 --start-period=30s \
    CMD ["/usr/local/bin/sextant", "status", "--healthz", "http://127.0.0.1:9464/healthz"]
ENTRYPOINT ["/usr/local/bin/sextant"]
CMD ["run"]
