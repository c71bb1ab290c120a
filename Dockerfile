# One static binary on an empty file system: no shell, no packages, no root.
#
#   docker build -t docsctl .
#   docker run --rm -p 8080:8080 -v docsctl:/data docsctl
#
# Without further settings that is a server with the embedded store in /data.

FROM golang:1.26-alpine AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
ARG COMMIT=
ARG DATE=
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION} -X main.commit=${COMMIT} -X main.date=${DATE}" \
      -o /out/docsctl ./cmd/docsctl \
    && mkdir -m 0700 /out/data \
    && mkdir -m 1777 /out/tmp

FROM scratch
# Certificates of public authorities, to fetch documents and to reach models over TLS.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/docsctl /docsctl
# Files are read in a process of their own, which spools them in /tmp.
COPY --from=build --chown=65532:65532 /out/tmp /tmp
COPY --from=build --chown=65532:65532 /out/data /data
ENV DOCSCTL_DATA_DIR=/data \
    DOCSCTL_LISTEN=:8080
USER 65532:65532
VOLUME /data
EXPOSE 8080
# Of a server; a worker listens nowhere and switches this off.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["/docsctl", "health"]
ENTRYPOINT ["/docsctl"]
CMD ["serve"]
