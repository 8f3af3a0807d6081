#!/bin/bash
# Stops what up.sh started in the folder, pods first, by process id, and waits until all are gone; then removes the folder.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/network.sh"
D=$1
cd "$D" || exit 1
stop() {
  kill "$1" 2> /dev/null || return 0
  for _ in $(seq 100); do kill -0 "$1" 2> /dev/null || return 0; sleep 0.1; done
  kill -9 "$1"
}
tac pids | while read -r pid name; do
  case $name in
    namespace) network_down ;;
    containerd)
      for task in $(ctr -a c.sock -n k8s.io tasks ls -q); do ctr -a c.sock -n k8s.io tasks kill -s SIGKILL "$task"; done 2> /dev/null
      sleep 1
      stop "$pid"
      ;;
    *) stop "$pid" ;;
  esac
done
# the names of the pods' network namespaces, which nobody is left to remove: mounted in the runtime's namespace alone, they are empty files
# here, and those of another runtime are not
for pod in /var/run/netns/cni-*; do
  [ "$pod" -nt pids.begun ] && [ "$(stat -f -c %T "$pod")" != nsfs ] && rm -f "$pod"
done
grep " $PWD/" /proc/mounts | awk '{print $2}' | sort -r | xargs -r -n1 umount -l
cd /
rm -rf "$D"
