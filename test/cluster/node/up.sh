#!/bin/bash
# One real Kubernetes node, as root: etcd, apiserver, controller-manager, scheduler, containerd, kubelet, kube-proxy, CoreDNS.
#   up.sh FOLDER     writes FOLDER/kubeconfig (cluster-admin), FOLDER/pids, FOLDER/*.log; `down.sh FOLDER` stops it all.
# For tests only: static tokens, an open kubelet. NetworkPolicies are accepted and not enforced; volumes are made by hand.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/network.sh"
. "$here/processes.sh"
mkdir -p "$1"/{pki,cni,sysctl}
D=$(cd "$1" && pwd)
cd "$D"
: > pids
: > pids.begun
network_up
echo "- namespace" >> pids

# --- keys: a serving certificate for every name of the apiserver, a service-account key; static tokens stand in for client certificates
{
  openssl genrsa -out pki/sa.key 2048
  openssl rsa -in pki/sa.key -pubout -out pki/sa.pub
  openssl req -x509 -newkey rsa:2048 -nodes -keyout pki/apiserver.key -out pki/apiserver.crt -days 30 -subj /CN=kube-apiserver \
    -addext "subjectAltName=DNS:kubernetes.default.svc,DNS:kubernetes,IP:127.0.0.1,IP:10.96.0.1,IP:$NODE_IP,IP:$OUTSIDE_IP"
  # the identity under which the apiserver forwards requests to aggregated servers, such as KEDA's metrics adapter
  openssl req -x509 -newkey rsa:2048 -nodes -keyout pki/front-ca.key -out pki/front-ca.crt -days 30 -subj /CN=front-ca
  openssl req -newkey rsa:2048 -nodes -keyout pki/front.key -out pki/front.csr -subj /CN=front
  openssl x509 -req -in pki/front.csr -CA pki/front-ca.crt -CAkey pki/front-ca.key -CAcreateserial -days 30 -out pki/front.crt
} 2> /dev/null
token() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }
admin=$(token) manager=$(token) scheduler=$(token) proxy=$(token) kubelet=$(token)
(umask 077; printf '%s\n' "$admin,admin,admin,\"system:masters\"" "$manager,system:kube-controller-manager,kcm" "$scheduler,system:kube-scheduler,sched" \
  "$proxy,system:kube-proxy,proxy" "$kubelet,system:node:node1,node1,\"system:nodes\"" > pki/tokens.csv)
# kubeconfig TOKEN ADDRESS
kubeconfig() { cat <<Y
apiVersion: v1
kind: Config
clusters: [{name: fleet, cluster: {server: "https://$2:36443", certificate-authority: $D/pki/apiserver.crt}}]
users: [{name: user, user: {token: $1}}]
contexts: [{name: fleet, context: {cluster: fleet, user: user}}]
current-context: fleet
Y
}
umask 077
kubeconfig "$admin" $OUTSIDE_IP > kubeconfig
kubeconfig "$admin" 127.0.0.1 > coredns.kc
kubeconfig "$manager" 127.0.0.1 > manager.kc
kubeconfig "$scheduler" 127.0.0.1 > scheduler.kc
kubeconfig "$proxy" 127.0.0.1 > proxy.kc
kubeconfig "$kubelet" 127.0.0.1 > kubelet.kc
umask 022

# --- control plane. Pods reach the apiserver at 10.96.0.1 through kube-proxy, so it listens on the node's address too.
start etcd "$BIN/etcd" --data-dir etcd --listen-client-urls http://127.0.0.1:32379 --advertise-client-urls http://127.0.0.1:32379 \
  --listen-peer-urls http://127.0.0.1:32380 --initial-advertise-peer-urls http://127.0.0.1:32380 --initial-cluster default=http://127.0.0.1:32380 --unsafe-no-fsync
start apiserver "$BIN/kube-apiserver" --etcd-servers http://127.0.0.1:32379 --bind-address 0.0.0.0 --advertise-address $NODE_IP --secure-port 36443 \
  --tls-cert-file pki/apiserver.crt --tls-private-key-file pki/apiserver.key --client-ca-file pki/apiserver.crt --token-auth-file pki/tokens.csv --authorization-mode Node,RBAC \
  --service-account-key-file pki/sa.pub --service-account-signing-key-file pki/sa.key --service-account-issuer https://kubernetes.default.svc \
  --service-cluster-ip-range 10.96.0.0/16 --allow-privileged=true --enable-aggregator-routing=true --kubelet-preferred-address-types InternalIP \
  --proxy-client-cert-file pki/front.crt --proxy-client-key-file pki/front.key --requestheader-client-ca-file pki/front-ca.crt --requestheader-allowed-names front \
  --requestheader-username-headers X-Remote-User --requestheader-group-headers X-Remote-Group --requestheader-extra-headers-prefix X-Remote-Extra-
export KUBECONFIG=$D/kubeconfig
until_ok "$BIN/kubectl" get --raw /readyz
start controller-manager "$BIN/kube-controller-manager" --kubeconfig manager.kc --service-account-private-key-file pki/sa.key --use-service-account-credentials --root-ca-file pki/apiserver.crt \
  --bind-address 127.0.0.1 --leader-elect=false --horizontal-pod-autoscaler-sync-period 5s --authentication-kubeconfig manager.kc --authorization-kubeconfig manager.kc
start scheduler "$BIN/kube-scheduler" --kubeconfig scheduler.kc --bind-address 127.0.0.1 --leader-elect=false --authentication-kubeconfig scheduler.kc --authorization-kubeconfig scheduler.kc

# --- mounts of its own for container runtime and kubelet: the kubelet's volumes must be seen by the runtime, and not by this machine
start mounts unshare -m sleep infinity
mounts=$(awk '$2 == "mounts" {print $1}' pids)
mounted() { local name=$1; shift; start "$name" nsenter --mount="/proc/$mounts/ns/mnt" --wd="$D" "$@"; }
# setsid and nsenter become what they start, so the process id is that of the holder; it has its namespace a moment later.
until_ok sh -c "[ \"\$(readlink /proc/$mounts/ns/mnt)\" != \"\$(readlink /proc/self/ns/mnt)\" ]"

# --- container runtime: the switches are for a machine without AppArmor and without CAP_SYS_RESOURCE
cat > containerd.toml <<T
version = 2
root = "$D/containerd"
state = "$D/containerd-state"
[grpc]
  address = "$D/c.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$D/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
T
cat > cni/10-fleet.conflist <<J
{"cniVersion":"0.4.0","name":"fleet","plugins":[
 {"type":"bridge","bridge":"fleet0","isGateway":true,"ipMasq":true,"hairpinMode":true,"ipam":{"type":"host-local","dataDir":"$D/addresses","ranges":[[{"subnet":"10.244.77.0/24","gateway":"$NODE_IP"}]],"routes":[{"dst":"0.0.0.0/0"}]}},
 {"type":"portmap","capabilities":{"portMappings":true}}]}
J
mounted containerd containerd --config containerd.toml
until_ok ctr -a c.sock version
"$here/images.sh" pause "$D/pause.tar"
ctr -a c.sock -n k8s.io images import pause.tar > /dev/null

# --- kubelet, with stand-ins over the kernel settings it wants to change, so that the machine stays as it is
cat > kubelet.yaml <<Y
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 0.0.0.0
port: 30250
readOnlyPort: 0
healthzPort: 30248
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
cgroupDriver: cgroupfs
failSwapOn: false
failCgroupV1: false
oomScoreAdj: 0
makeIPTablesUtilChains: false
protectKernelDefaults: true
podCIDR: 10.244.77.0/24
containerRuntimeEndpoint: unix://$D/c.sock
evictionHard: {memory.available: 200Mi, nodefs.available: 3%}
imageGCHighThresholdPercent: 99
imageGCLowThresholdPercent: 98
clusterDomain: cluster.local
clusterDNS: [$NODE_IP]
Y
cat > kubelet.sh <<'K'
set -e
for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  name=${setting%=*}
  file=sysctl/${name//\//_}
  echo "${setting#*=}" > "$file"
  mount --bind "$file" "/proc/sys/$name"
done
exec "$@"
K
mounted kubelet bash kubelet.sh "$BIN/kubelet" --config kubelet.yaml --kubeconfig kubelet.kc --root-dir "$D/kubelet" --cert-dir "$D/pki/kubelet" --hostname-override node1 --node-ip $NODE_IP
start kube-proxy "$BIN/kube-proxy" --kubeconfig proxy.kc --hostname-override node1 --cluster-cidr 10.244.0.0/16 --bind-address $NODE_IP --healthz-bind-address 127.0.0.1:30256 --metrics-bind-address 127.0.0.1:30249 \
  --conntrack-max-per-core 0 --conntrack-min 0 --conntrack-tcp-timeout-established 0 --conntrack-tcp-timeout-close-wait 0

# --- names: CoreDNS as a process of the node, on the node's address
cat > Corefile <<C
.:53 {
  bind $NODE_IP
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    kubeconfig $D/coredns.kc fleet
  }
  errors
  cache 5
}
C
start coredns "$BIN/coredns" -conf Corefile

until_ok "$BIN/kubectl" get node node1
until_ok "$BIN/kubectl" wait --for=condition=Ready node/node1 --timeout=5s
until_ok "$BIN/kubectl" get serviceaccount default
"$BIN/kubectl" get nodes -o wide
