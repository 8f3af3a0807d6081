{{/* Names, labels, images and what is refused. */}}

{{- define "fleet.labels" -}}
app.kubernetes.io/name: rollout-fleet
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Labels of objects, not of selectors, which must never change. */}}
{{- define "fleet.objectLabels" -}}
{{ include "fleet.labels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{/* {root, device}: the project's image for a device. */}}
{{- define "fleet.image" -}}
{{- $image := .root.Values.image -}}
{{- $digest := ternary $image.cudaDigest $image.digest (eq .device "cuda") -}}
{{- if $digest -}}
{{ $image.repository }}@{{ $digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .root.Chart.AppVersion }}{{ if eq .device "cuda" }}-cuda{{ end }}
{{- end -}}
{{- end }}

{{- define "fleet.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "fleet.secretName" -}}
{{ .Values.secrets.existingSecret | default (printf "%s-secrets" .Release.Name) }}
{{- end }}

{{- define "fleet.serverTlsSecret" -}}
{{ .Values.tls.existingSecret | default (printf "%s-server-tls" .Release.Name) }}
{{- end }}

{{- define "fleet.clientTlsSecret" -}}
{{ .Values.tls.existingClientSecret | default (printf "%s-client-tls" .Release.Name) }}
{{- end }}

{{- define "fleet.natsUrl" -}}
{{- if .Values.nats.enabled -}}
{{ ternary "tls" "nats" .Values.tls.enabled }}://{{ .Release.Name }}-nats:4222
{{- else -}}
{{ .Values.nats.url }}
{{- end -}}
{{- end }}

{{/* SHA-256 of the model, where it is known without reading it; else nothing. */}}
{{- define "fleet.base" -}}
{{- $model := .Values.model -}}
{{- $known := $model.sha256 -}}
{{- if eq $model.source "url" -}}
{{- range $model.files -}}
{{- if eq (printf "%s/%s" $model.mountPath .name) $.Values.run.model.gguf -}}
{{- $known = .sha256 -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{ $known }}
{{- end }}

{{- define "fleet.scalerSecret" -}}
{{ .Values.autoscaler.existingSecret | default (printf "%s-scaler" .Release.Name) }}
{{- end }}

{{/* Servers that ran alone do not become a cluster with their streams, nor a cluster a single one: nothing, or a refusal. */}}
{{- define "fleet.checkReplicas" -}}
{{- if .Values.nats.enabled -}}
{{- $name := printf "%s-nats" .Release.Name -}}
{{- $wanted := int .Values.nats.replicas -}}
{{- $before := 0 -}}
{{- with lookup "apps/v1" "StatefulSet" .Release.Namespace $name -}}
{{- $before = int .spec.replicas -}}
{{- end -}}
{{- if and (eq $before 0) (lookup "v1" "PersistentVolumeClaim" .Release.Namespace (printf "data-%s-0" $name)) -}}
{{- $before = ternary 3 1 (not (empty (lookup "v1" "PersistentVolumeClaim" .Release.Namespace (printf "data-%s-1" $name)))) -}}
{{- end -}}
{{- if and (gt $before 0) (ne $before $wanted) -}}
{{- fail (printf "nats.replicas is %d, and the volumes of this run are of %d: it cannot change once a run was begun" $wanted $before) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Nothing, or what is wrong with the values beyond what their schema can say. */}}
{{- define "fleet.check" -}}
{{- $v := .Values -}}
{{- if not (regexMatch "^[a-z0-9-]{1,40}$" .Release.Name) -}}
{{- fail (printf "the release's name is the run's id: %q must be 1 to 40 of a-z, 0-9 and hyphens" .Release.Name) -}}
{{- end -}}
{{- if and (not $v.nats.enabled) (not $v.nats.url) -}}
{{- fail "nats.enabled is false and nats.url is empty: name the nats-server of your own" -}}
{{- end -}}
{{- if and (not $v.nats.enabled) (not $v.secrets.existingSecret) -}}
{{- fail "nats.enabled is false and secrets.existingSecret is empty: name the Secret with the passwords that nats-server knows" -}}
{{- end -}}
{{- if and $v.expose.enabled (not $v.tls.enabled) -}}
{{- fail "expose.enabled needs tls.enabled: the run's token would cross the network in plain text" -}}
{{- end -}}
{{- if and $v.expose.enabled (not $v.expose.natsUrl) (not $v.expose.leafNodes) -}}
{{- fail "expose.enabled needs expose.natsUrl, where workers outside of the cluster reach nats-server, such as tls://nats.example.com:4222, or expose.leafNodes" -}}
{{- end -}}
{{- include "fleet.checkJoin" . -}}
{{- if and $v.tls.enabled (not $v.tls.existingSecret) (not $v.tls.certManager.enabled) -}}
{{- fail "tls.enabled needs tls.existingSecret or tls.certManager.enabled" -}}
{{- end -}}
{{- if and $v.tls.mutual (not $v.tls.existingClientSecret) (not $v.tls.certManager.enabled) -}}
{{- fail "tls.mutual needs tls.existingClientSecret or tls.certManager.enabled" -}}
{{- end -}}
{{- if and $v.tls.mutual (not $v.tls.enabled) -}}
{{- fail "tls.mutual needs tls.enabled: without it every link is plain text" -}}
{{- end -}}
{{- if and $v.tls.existingSecret $v.tls.certManager.enabled -}}
{{- fail "tls.existingSecret and tls.certManager.enabled are both set: choose one" -}}
{{- end -}}
{{- include "fleet.checkReplicas" . -}}
{{- $certificates := and $v.tls.enabled $v.tls.certManager.enabled -}}
{{- if and $certificates (not $v.tls.certManager.issuer.name) -}}
{{- fail "tls.certManager.enabled needs tls.certManager.issuer.name" -}}
{{- end -}}
{{- if and $certificates (not (.Capabilities.APIVersions.Has "cert-manager.io/v1")) -}}
{{- fail "tls.certManager.enabled is true, and this cluster has no cert-manager (API cert-manager.io/v1)" -}}
{{- end -}}
{{- if and (eq $v.autoscaler.kind "keda") (not (.Capabilities.APIVersions.Has "keda.sh/v1alpha1")) -}}
{{- fail "autoscaler.kind is keda, and this cluster has no KEDA (API keda.sh/v1alpha1)" -}}
{{- end -}}
{{- if ne $v.autoscaler.kind "none" -}}
{{- $scaled := false -}}
{{- range $v.workers -}}
{{- if .scaling -}}
{{- $scaled = true -}}
{{- end -}}
{{- end -}}
{{- if not $scaled -}}
{{- fail (printf "autoscaler.kind is %s and no pool of workers has scaling" $v.autoscaler.kind) -}}
{{- end -}}
{{- end -}}
{{- $drainMs := dig "worker" "drainTimeoutMs" 0 $v.run | int -}}
{{- if gt $drainMs (mul 1000 $v.drainSeconds | int) -}}
{{- fail (printf "run.worker.drainTimeoutMs is %d, which is more than drainSeconds allows: %v s" $drainMs $v.drainSeconds) -}}
{{- end -}}
{{- $names := list -}}
{{- range $v.workers -}}
{{- if has .name $names -}}
{{- fail (printf "workers has two pools of the name %q" .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- if .scaling -}}
{{- if gt (int (.scaling.min | default 0)) (int .scaling.max) -}}
{{- fail (printf "workers: the pool %q has scaling.min %d, which is more than its max %d" .name (int .scaling.min) (int .scaling.max)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $what := list "model" "dataset" -}}
{{- $volume := index $v $what -}}
{{- if and (eq $volume.source "pvc") (not $volume.claimName) -}}
{{- fail (printf "%s.source is pvc and %s.claimName is empty" $what $what) -}}
{{- end -}}
{{- if and (eq $volume.source "url") (not $volume.files) -}}
{{- fail (printf "%s.source is url and %s.files is empty" $what $what) -}}
{{- end -}}
{{- if and (eq $volume.source "imageVolume") (not $volume.reference) -}}
{{- fail (printf "%s.source is imageVolume and %s.reference is empty" $what $what) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* run.yaml: what the person wrote, and what the chart knows better. */}}
{{- define "fleet.runYaml" -}}
{{- $run := deepCopy .Values.run -}}
{{- $ours := dict "worker" (dict "drainTimeoutMs" (mul 1000 .Values.drainSeconds)) -}}
{{- if .Values.nats.enabled -}}
{{- $_ := set $ours "storage" (dict "replicas" .Values.nats.replicas) -}}
{{- end -}}
{{- $pools := list -}}
{{- range .Values.workers -}}
{{- if .scaling -}}
{{- $pools = append $pools (merge (dict "name" .name) .scaling) -}}
{{- end -}}
{{- end -}}
{{- if $pools -}}
{{- $_ := set $ours "scaling" (dict "pools" $pools) -}}
{{- end -}}
{{- if .Values.tls.enabled -}}
{{- $tls := dict "mode" (ternary "mutual" "on" .Values.tls.mutual) "ca" "/tls/ca.crt" "certificate" "/tls/tls.crt" "key" "/tls/tls.key" -}}
{{- if .Values.tls.mutual -}}
{{- $tls = merge $tls (dict "clientCertificate" "/client-tls/tls.crt" "clientKey" "/client-tls/tls.key") -}}
{{- end -}}
{{- $_ := set $ours "tls" $tls -}}
{{- end -}}
{{ toYaml (merge $run $ours) }}
{{- end }}

{{/* {root, components}: pods of this run as peers of a network policy. */}}
{{- define "fleet.peers" -}}
{{- $root := .root -}}
{{- range .components }}
- podSelector:
    matchLabels: {{- include "fleet.labels" (dict "root" $root "component" .) | nindent 6 }}
{{- end }}
{{- end }}

{{/* The ports that a volume's files are downloaded from, separated by commas; nothing where they are not. */}}
{{- define "fleet.downloadPorts" -}}
{{- $ports := list -}}
{{- if eq .source "url" -}}
{{- range .files -}}
{{- $url := urlParse .url -}}
{{- $usual := ternary "80" "443" (eq $url.scheme "http") -}}
{{- $ports = append $ports (regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default $usual) -}}
{{- end -}}
{{- end -}}
{{- join "," $ports -}}
{{- end }}
