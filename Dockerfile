# The porter-manager image, for those who have a container engine: the same files as `npm run image` makes without one.
#
#   docker build -t docker.io/porterlb/porter-manager:<version> .
FROM node:24-slim AS build
WORKDIR /work
COPY . .
RUN node tools/run.mjs tools/image.ts --rootfs /rootfs

FROM scratch
COPY --from=build /rootfs/ /
ENV PATH=/usr/local/bin NODE_ENV=production NODE_COMPILE_CACHE=/app/compile-cache
WORKDIR /app
USER 65534:65534
ENTRYPOINT ["/usr/local/bin/node", "--disable-warning=ExperimentalWarning", "--max-semi-space-size=4", "/app/backend/src/main.ts"]
