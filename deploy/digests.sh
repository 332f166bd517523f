#!/bin/sh
# Prints the current digests of the images in deploy/, one setting per line:
#
#     sh deploy/digests.sh > deploy/images.env
#     docker compose --env-file deploy/images.env -f deploy/compose.yaml up -d --build
#
# Keep images.env with your deployment: the same images are used until you run this script again. Run it regularly to get
# their security updates. Requires docker with buildx, and network access.
set -eu

pinned() {
    digest=$(docker buildx imagetools inspect "$2" --format '{{.Manifest.Digest}}')
    case $digest in
        sha256:*) echo "$1=$2@$digest" ;;
        *)
            echo "$2: the registry returned no digest" >&2
            exit 1
            ;;
    esac
}

pinned RUST_IMAGE rust:1.95.0-slim-bookworm
pinned RUNTIME_IMAGE gcr.io/distroless/cc-debian12:nonroot
pinned POSTGRES_IMAGE postgres:16-bookworm
