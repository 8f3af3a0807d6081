#!/bin/bash
# Image archives by buildah, without a registry:
#   images.sh pause OUT.tar            what holds a pod's namespaces
#   images.sh nats OUT.tar BINARY      nats-server in an image of its own
#   images.sh fleet OUT.tar            the project's Dockerfile, target cpu, on a stand-in for its base image
# The stand-in is Debian by debootstrap with Node from npm: where a registry can be reached, build the Dockerfile as it is.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$here/../../.." && pwd)
kind=$1 out=$2
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/rollout-fleet/cluster
store=(--root "$CACHE/images" --runroot "${TMPDIR:-/tmp}/fleet-images-run" --storage-driver overlay)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/containers.conf" <<'T'
[containers]
default_ulimits = ["nofile=8192:8192", "nproc=8192:8192"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
T
export CONTAINERS_CONF=${CONTAINERS_CONF:-$work/containers.conf}

build() { buildah "${store[@]}" bud --pull-never --isolation chroot "$@"; }
push() { buildah "${store[@]}" push -q "$1" "oci-archive:$out:$1"; }

# base NAME: the image that the Dockerfile starts from, once
base() {
  buildah "${store[@]}" images -q "$1" > /dev/null 2>&1 && return 0
  local context=$work/context
  mkdir "$context"
  debootstrap --variant=minbase --include=ca-certificates bookworm "$work/rootfs" "$(apt-cache policy bash | grep -oE 'https?://[^ ]+' | head -1)" > /dev/null
  npm install --prefix "$work/node" --no-audit --no-fund node@24 > /dev/null
  tar -C "$work/rootfs" -cf "$context/rootfs.tar" .
  cp "$work/node/node_modules/node/bin/node" "$context/node"
  cp -rL "$(dirname "$(readlink -f "$(command -v npm)")")/.." "$context/npm"
  cp "${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}" "$context/ca.crt" 2> /dev/null || : > "$context/ca.crt"
  cp "${NPM_CONFIG_USERCONFIG:-$HOME/.npmrc}" "$context/npmrc" 2> /dev/null || : > "$context/npmrc"
  cat > "$context/Dockerfile" <<'D'
FROM scratch
ADD rootfs.tar /
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
COPY ca.crt /etc/ssl/machine-ca.crt
COPY npmrc /root/.npmrc
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && node --version && npm --version
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/machine-ca.crt
D
  build -t "$1" "$context" > "$work/base.log" 2>&1 || { cat "$work/base.log" >&2; return 1; }
}

case $kind in
  pause)
    mkdir "$work/context"
    cp "$(command -v busybox)" "$work/context/busybox"
    printf 'FROM scratch\nCOPY busybox /bin/busybox\nENTRYPOINT ["/bin/busybox", "sh", "-c", "trap \\"exit 0\\" TERM INT; while :; do /bin/busybox sleep 1d & wait $!; done"]\n' > "$work/context/Dockerfile"
    build -q -t localhost/pause:1 "$work/context" > /dev/null
    push localhost/pause:1
    ;;
  nats)
    mkdir "$work/context"
    cp "$3" "$work/context/nats-server"
    printf 'FROM scratch\nCOPY nats-server /nats-server\nUSER 1000:1000\nENTRYPOINT ["/nats-server"]\n' > "$work/context/Dockerfile"
    build -q -t localhost/nats-server:test "$work/context" > /dev/null
    push localhost/nats-server:test
    ;;
  fleet)
    base "$(sed -nE 's/^ARG NODE_IMAGE=(.*)$/\1/p' "$project/Dockerfile" | head -1)"
    build --network host --target cpu -t localhost/rollout-fleet:test "$project"
    push localhost/rollout-fleet:test
    ;;
esac
