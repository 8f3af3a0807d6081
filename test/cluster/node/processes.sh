# Sourced by up.sh and keda.sh, in the node's folder $D: how its processes are started, and waited for.
BIN=${BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/rollout-fleet/cluster/bin}

# start NAME PROGRAM...: in the node's network, with NAME.log as its output, until down.sh
start() { local name=$1; shift; setsid nsenter --net=/var/run/netns/$NAMESPACE "$@" > "$D/$name.log" 2>&1 & echo "$! $name" >> "$D/pids"; }

until_ok() {
  for _ in $(seq 450); do "$@" > /dev/null 2>&1 && return 0; sleep 0.2; done
  echo "waited 90 s for: $*; see the logs in $D" >&2
  return 1
}
