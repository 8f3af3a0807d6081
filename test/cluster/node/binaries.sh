#!/bin/bash
# Builds a real Kubernetes control plane and node, etcd, CoreDNS and helm from Go modules into $BIN: 7 to 20 minutes on two cores, once.
#   binaries.sh [NAME...]   these alone; helm takes about a minute; "keda", which is built only when named, 10 to 30 minutes
# Needs Go 1.24 or newer. Each binary that is there already is kept.
set -euo pipefail
KUBERNETES=1.34.4 ETCD=3.5.21 COREDNS=1.14.7 HELM=v3.19.0 KEDA=2.21.0
BIN=${BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/rollout-fleet/cluster/bin}
mkdir -p "$BIN"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

wanted=" $* "
# missing NAME: whether it is to be built
missing() { [ ! -x "$BIN/$1" ] && { [ "$wanted" = "  " ] || [[ $wanted == *" $1 "* ]]; }; }

# build NAME PACKAGE [LINKER-FLAGS]: into a name that nobody runs until it is whole
build() {
  CGO_ENABLED=0 go build -mod=mod -trimpath -ldflags "-s -w ${3:-}" -o "$BIN/.$1" "$2"
  mv "$BIN/.$1" "$BIN/$1"
  echo "built $1"
}

if missing helm; then
  printf 'module helm\ngo 1.24\n' > go.mod
  go get "helm.sh/helm/v3/cmd/helm@$HELM"
  build helm helm.sh/helm/v3/cmd/helm
fi
if missing etcd; then
  printf 'module etcd\ngo 1.24\n' > go.mod
  rm -f go.sum
  go get "go.etcd.io/etcd/server/v3@v$ETCD"
  build etcd go.etcd.io/etcd/server/v3
fi
needed=$(for part in kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubectl kubelet; do if missing $part; then echo $part; fi; done)
# k8s.io/kubernetes cannot be `go install`ed: its go.mod replaces every staging module by a folder. This one names their releases instead.
if [ -n "$needed" ]; then
  gomod=$(go mod download -json "k8s.io/kubernetes@v$KUBERNETES" | sed -n 's/.*"GoMod": "\(.*\)",/\1/p')
  {
    echo "module cluster"
    grep -E '^go ' "$gomod"
    echo "require k8s.io/kubernetes v$KUBERNETES"
    echo "replace ("
    sed -nE "s|^\s+(k8s.io/[a-z-]+) v0\.0\.0\$|\1 => \1 v0.${KUBERNETES#1.}|p" "$gomod"
    echo ")"
  } > go.mod
  rm -f go.sum
  # Without a version, clients take the server for v0.0.0 and leave out what they should ask for.
  version="-X k8s.io/component-base/version.gitVersion=v$KUBERNETES -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=34"
  for part in $needed; do build "$part" "k8s.io/kubernetes/cmd/$part" "$version"; done
fi
if missing coredns; then
  printf 'module coredns\ngo 1.25\n' > go.mod
  rm -f go.sum
  go get "github.com/coredns/coredns@v$COREDNS"
  build coredns github.com/coredns/coredns
fi
if [[ $wanted == *" keda "* ]] && [ ! -x "$BIN/keda-adapter" ]; then
  module=$(go mod download -json "github.com/kedacore/keda/v2@v$KEDA" | sed -n 's/.*"Dir": "\(.*\)",/\1/p')
  {
    echo "module keda"
    grep -E '^go ' "$module/go.mod"
    grep -E '^replace .*=>' "$module/go.mod"
    echo "require github.com/kedacore/keda/v2 v$KEDA"
  } > go.mod
  rm -f go.sum
  mkdir -p "$BIN/keda-crds"
  cp --no-preserve=mode "$module"/config/crd/bases/*.yaml "$BIN/keda-crds"
  for part in operator adapter; do build "keda-$part" "github.com/kedacore/keda/v2/cmd/$part"; done
fi
