# Sourced by up.sh and down.sh: the node lives in a network namespace of its own, so that its listeners, its bridge and kube-proxy's
# rules are not this machine's. This machine reaches it over one pair of interfaces.
NAMESPACE=fleet-cluster
HOST_IP=10.244.78.1      # this machine
OUTSIDE_IP=10.244.78.2   # the node, as this machine sees it
NODE_IP=10.244.77.1      # the node, as its pods see it

# Runs a program in the namespace. Not `ip netns exec`, which would mount another /sys over the cgroups.
inside() { nsenter --net=/var/run/netns/$NAMESPACE "$@"; }

network_up() {
  ip netns list | grep -qw $NAMESPACE && { echo "the network namespace $NAMESPACE exists: a node runs already, or was left by one (ip netns del $NAMESPACE)" >&2; return 1; }
  ip netns add $NAMESPACE
  ip link add fleet-host type veth peer name fleet-node netns $NAMESPACE
  ip addr add $HOST_IP/24 dev fleet-host
  ip link set fleet-host up
  inside ip addr add $OUTSIDE_IP/24 dev fleet-node
  inside ip link set fleet-node up
  inside ip link set lo up
  inside ip link add fleet0 type bridge
  inside ip addr add $NODE_IP/24 dev fleet0
  inside ip link set fleet0 up
  # Pods need a way for answers to what is outside; nothing of this machine forwards it further.
  inside ip route add default via $HOST_IP
  inside sysctl -qw net.ipv4.ip_forward=1
}

network_down() { ip netns del $NAMESPACE 2> /dev/null || true; }
