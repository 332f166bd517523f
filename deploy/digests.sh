#!/bin/sh
# Asks the registries which images the tags of deploy/ lead to now, and prints them by digest, one setting a line:
#
#     sh deploy/digests.sh > deploy/images.env
#     docker compose --env-file deploy/images.env -f deploy/compose.yaml up -d --build
#
# Keep images.env with your deployment: the same images are then used until it is made again, which is also how their
# security updates come in. Needs docker with buildx, and the network.
set -eu

pinned() {
    digest=$(docker buildx imagetools inspect "$2" --format '{{.Manifest.Digest}}')
    case $digest in
        sha256:*) echo "$1=$2@$digest" ;;
        *)
            echo "$2: the registry gave no digest" >&2
            exit 1
            ;;
    esac
}

pinned RUST_IMAGE rust:1.95.0-slim-bookworm
pinned RUNTIME_IMAGE gcr.io/distroless/cc-debian12:nonroot
pinned POSTGRES_IMAGE postgres:16-bookworm
