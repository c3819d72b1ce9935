# The porter-manager image, for those who have a container engine: the same files as `npm run image` makes without one.
#
#   docker build -t docker.io/porterlb/porter-manager:<version> .
#
# Nothing of BASE gets into the image but Debian's C library. Any Debian 12 with Node.js 20 or later and npm does, a mirror's or your own:
# --build-arg BASE=<image>
ARG BASE=node:24.21.0-bookworm-slim
FROM ${BASE} AS build
WORKDIR /work
COPY . .
RUN node tools/run.mjs tools/image.ts --rootfs /rootfs

FROM scratch
COPY --from=build /rootfs/ /
ENV PATH=/usr/local/bin NODE_ENV=production NODE_COMPILE_CACHE=/app/compile-cache MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=32768 MALLOC_TOP_PAD_=0 MALLOC_TRIM_THRESHOLD_=131072
WORKDIR /app
USER 65534:65534
ENTRYPOINT ["/usr/local/bin/node", "--disable-warning=ExperimentalWarning", "--max-semi-space-size=8", "--no-concurrent-marking", "--no-memory-reducer", "--no-separate-gc-phases", "--heap-growing-percent=80", "--no-short-builtin-calls", "/app/backend/src/main.ts"]
