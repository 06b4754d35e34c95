# The Go toolchain runs on the builder's platform and cross-compiles: faster
# than emulating the target.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=
WORKDIR /src
# Modules first: this layer is rebuilt only when they change.
COPY go.mod go.sum ./
RUN go mod download
COPY cmd cmd
COPY doctor doctor
COPY internal internal
COPY istio istio
COPY manifest manifest
COPY mesh mesh
COPY rules rules
COPY verify verify
COPY webhook webhook
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /holdfast ./cmd/holdfast

# Nothing but the program: no shell, no packages, nothing to update. It needs no
# CA bundle of the system, because the cluster's own CA is mounted into the pod.
FROM scratch
COPY --from=build /holdfast /holdfast
# A number, so that Kubernetes can check runAsNonRoot without looking inside.
USER 65532:65532
ENTRYPOINT ["/holdfast"]
CMD ["webhook"]
