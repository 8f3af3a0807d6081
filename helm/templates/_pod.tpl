{{/* What pods of the run have in common. */}}

{{- define "fleet.podSecurity" -}}
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "fleet.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{/* {nodeSelector, tolerations, runtimeClassName}: where a pod may go. */}}
{{- define "fleet.scheduling" -}}
{{- with .runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Of a role: whether it has started (within so many times 5 s), can work, and its event loop turns; each answered by the pod alone.
     A worker that waits for a coordinator on its way back is as ready as before: else its pool's budget, which lets pods go that are not ready, would let all go. */}}
{{- define "fleet.probes" -}}
startupProbe:
  httpGet: { path: /startupz, port: metrics }
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: {{ . }} # A large model is loaded, a long ledger replayed first.
readinessProbe:
  httpGet: { path: "/readyz?exclude=coordinator&exclude=nats", port: metrics }
  periodSeconds: 5
  timeoutSeconds: 5
{{ include "fleet.liveness" . }}
{{- end }}

{{/* Of any process: whether its event loop turns. */}}
{{- define "fleet.liveness" -}}
livenessProbe:
  httpGet: { path: /livez, port: metrics }
  periodSeconds: 10
  timeoutSeconds: 10
  failureThreshold: 6
{{- end }}

{{/* {volume, name}: files of the model or the dataset as a pod's volume; nothing when they are in the image. */}}
{{- define "fleet.filesVolume" -}}
{{- if eq .volume.source "pvc" }}
- name: {{ .name }}
  persistentVolumeClaim: { claimName: {{ .volume.claimName }}, readOnly: true }
{{- else if eq .volume.source "url" }}
- name: {{ .name }}
  emptyDir: { sizeLimit: {{ .volume.sizeLimit }} }
{{- else if eq .volume.source "imageVolume" }}
- name: {{ .name }}
  image: { reference: {{ .volume.reference | quote }}, pullPolicy: IfNotPresent }
{{- end }}
{{- end }}

{{- define "fleet.filesMount" -}}
{{- if ne .volume.source "image" }}
- { name: {{ .name }}, mountPath: {{ .volume.mountPath }}, readOnly: true }
{{- end }}
{{- end }}

{{/* Where run.yaml says that the model's file is; nothing in a release that joins, whose run is another's. */}}
{{- define "fleet.gguf" -}}
{{ dig "model" "gguf" "" .Values.run }}
{{- end }}

{{/* {root, volume, name, image, gguf}: containers that download each file and check its digest before the role starts; with gguf, which is
     the pod's own model, none that only other pods load. */}}
{{- define "fleet.filesDownload" -}}
{{- if eq .volume.source "url" }}
{{- $ := . }}
{{- $others := list }}
{{- with .gguf }}
{{- $others = list (include "fleet.gguf" $.root) | compact }}
{{- range concat (list $.root.Values.updater) $.root.Values.workers }}
{{- with .gguf }}{{ $others = append $others . }}{{ end }}
{{- end }}
{{- $others = without $others . }}
{{- end }}
{{- range $index, $file := .volume.files }}
{{- if not (has (printf "%s/%s" $.volume.mountPath $file.name) $others) }}
- name: {{ $.name }}-{{ $index }}
  image: {{ $.image }}
  imagePullPolicy: {{ $.root.Values.image.pullPolicy }}
  args:
    - model
    - fetch
    - {{ $file.url | quote }}
    - --sha256={{ $file.sha256 }}
    - --out={{ $.volume.mountPath }}/{{ $file.name }}
  {{- include "fleet.containerSecurity" $.root | nindent 2 }}
  resources:
    requests: { cpu: 100m, memory: 128Mi }
    limits: { cpu: "1", memory: 512Mi }
  volumeMounts:
    - { name: {{ $.name }}, mountPath: {{ $.volume.mountPath }} }
    - { name: tmp, mountPath: /tmp }
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The token alone, and what a client needs for TLS. */}}
{{- define "fleet.clientVolumes" -}}
- name: secrets
  secret:
    secretName: {{ include "fleet.secretName" . }}
    defaultMode: 0440
    items: [{ key: token, path: token }]
{{- if .Values.tls.enabled }}
- name: tls
  projected:
    defaultMode: 0440
    sources:
      - secret:
          name: {{ include "fleet.serverTlsSecret" . }}
          items: [{ key: ca.crt, path: ca.crt }]
{{- if .Values.tls.mutual }}
- name: client-tls
  secret: { secretName: {{ include "fleet.clientTlsSecret" . }}, defaultMode: 0440 }
{{- end }}
{{- end }}
{{- end }}

{{- define "fleet.tlsMounts" -}}
{{- if .Values.tls.enabled }}
- { name: tls, mountPath: /tls, readOnly: true }
{{- if .Values.tls.mutual }}
- { name: client-tls, mountPath: /client-tls, readOnly: true }
{{- end }}
{{- end }}
{{- end }}

{{/* How a role reaches the run. */}}
{{- define "fleet.joinArgs" -}}
- --join={{ include "fleet.coordinator" . }}
- --token-file=/secrets/token
{{- if .Values.tls.enabled }}
- --ca=/tls/ca.crt
{{- if .Values.tls.mutual }}
- --certificate=/client-tls/tls.crt
- --key=/client-tls/tls.key
{{- end }}
{{- end }}
{{- end }}

{{/* {storage, labels}: a claim that a StatefulSet makes for each pod. */}}
{{- define "fleet.claim" -}}
metadata:
  name: data
  labels: {{- include "fleet.labels" .labels | nindent 4 }}
spec:
  accessModes: [ReadWriteOnce]
  {{- with .storage.class }}
  storageClassName: {{ . }}
  {{- end }}
  resources:
    requests: { storage: {{ .storage.size }} }
{{- end }}

{{/* {resources, resourceClaims}: a container's resources, all of the pod's claims among them. */}}
{{- define "fleet.resources" -}}
{{- $resources := deepCopy .resources -}}
{{- if .resourceClaims -}}
{{- $claims := list -}}
{{- range .resourceClaims -}}
{{- $claims = append $claims (dict "name" .name) -}}
{{- end -}}
{{- $_ := set $resources "claims" $claims -}}
{{- end -}}
{{ toYaml $resources }}
{{- end }}

{{/* A pool's tolerations, with those that large clouds want for machines that may go at any moment. */}}
{{- define "fleet.tolerations" -}}
{{- $tolerations := .tolerations | default list -}}
{{- if .spot -}}
{{- range list "cloud.google.com/gke-spot" "kubernetes.azure.com/scalesetpriority" "eks.amazonaws.com/capacityType" -}}
{{- $tolerations = append $tolerations (dict "key" . "operator" "Exists") -}}
{{- end -}}
{{- end -}}
{{ toYaml $tolerations }}
{{- end }}
