#!/bin/bash
# KEDA beside the node that up.sh started in the folder: operator and metrics adapter as processes of the node, not as pods.
#   keda.sh FOLDER     needs keda-operator, keda-adapter and keda-crds in $BIN: `binaries.sh keda`
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/network.sh"
. "$here/processes.sh"
D=$(cd "$1" && pwd)
export KUBECONFIG=$D/kubeconfig
mkdir -p "$D/keda"
cd "$D/keda"

# --- operator and adapter speak gRPC with certificates of one authority
{
  openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 30 -subj /CN=keda-ca
  openssl req -newkey rsa:2048 -nodes -keyout tls.key -out tls.csr -subj /CN=keda-operator
  openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out tls.crt \
    -extfile <(echo "subjectAltName=DNS:keda-operator,DNS:localhost,IP:127.0.0.1,IP:$NODE_IP")
} 2> /dev/null

# --- its kinds, and the metrics API that the apiserver hands on to the adapter
"$BIN/kubectl" apply --server-side -f "$BIN/keda-crds" > /dev/null
"$BIN/kubectl" apply -f - > /dev/null <<Y
apiVersion: v1
kind: Namespace
metadata: {name: keda}
---
apiVersion: v1
kind: Service
metadata: {name: keda-metrics, namespace: keda}
spec: {ports: [{name: https, port: 443, targetPort: 36444}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: keda-metrics-1, namespace: keda, labels: {kubernetes.io/service-name: keda-metrics}}
addressType: IPv4
ports: [{name: https, port: 36444}]
endpoints: [{addresses: [$NODE_IP], conditions: {ready: true}}]
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.external.metrics.k8s.io}
spec:
  group: external.metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  insecureSkipTLSVerify: true
  service: {name: keda-metrics, namespace: keda}
Y

# --- what a pod would have: the names of the cluster, and the file that says in which namespace it is
printf 'nameserver %s\nsearch svc.cluster.local cluster.local\noptions ndots:5\n' $NODE_IP > resolv.conf
cat > as-pod.sh <<'S'
set -e
mount --bind resolv.conf "$(readlink -f /etc/resolv.conf)"
mkdir -p /var/run/secrets
mount -t tmpfs tmpfs /var/run/secrets
mkdir -p /var/run/secrets/kubernetes.io/serviceaccount
printf keda > /var/run/secrets/kubernetes.io/serviceaccount/namespace
exec "$@"
S
export WATCH_NAMESPACE="" POD_NAMESPACE=keda POD_NAME=keda-operator OPERATOR_NAME=keda-operator KEDA_HTTP_DEFAULT_TIMEOUT=3000
start keda-operator unshare -m bash as-pod.sh "$BIN/keda-operator" --leader-elect=false --cert-dir "$D/keda" --metrics-bind-address 127.0.0.1:36446 \
  --health-probe-bind-address 127.0.0.1:36447 --metrics-service-bind-address 127.0.0.1:36445 --k8s-cluster-domain cluster.local
start keda-adapter "$BIN/keda-adapter" --kubeconfig "$D/coredns.kc" --authentication-kubeconfig "$D/coredns.kc" --authorization-kubeconfig "$D/coredns.kc" \
  --lister-kubeconfig "$D/coredns.kc" --secure-port 36444 --tls-cert-file tls.crt --tls-private-key-file tls.key --cert-dir "$D/keda" \
  --metrics-service-address 127.0.0.1:36445 --metrics-service-grpc-authority keda-operator --port 36448
isServed() { "$BIN/kubectl" get apiservice v1beta1.external.metrics.k8s.io -o 'jsonpath={.status.conditions[?(@.type=="Available")].status}' | grep -q True; }
until_ok isServed
