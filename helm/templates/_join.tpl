{{/* A release that joins a run of another cluster: workers, and a nats-server that is a leaf of the run's. */}}

{{/* Where a role dials the coordinator. */}}
{{- define "fleet.coordinator" -}}
{{ .Values.join.coordinator | default (printf "%s-coordinator:7000" .Release.Name) }}
{{- end }}

{{/* Where a worker dials nats-server, if not where the coordinator says, and which domain it asks there. */}}
{{- define "fleet.natsArgs" -}}
- --nats={{ include "fleet.natsUrl" . }}
{{- with .Values.join.run }}
- --nats-domain={{ . }}
{{- end }}
{{- end }}

{{/* The hub as a leaf's configuration names it, with the password that the kubelet puts in. */}}
{{- define "fleet.natsHub" -}}
{{ toJson (list (printf "nats-leaf://leaf:$(WORKER_SECRET)@%s" .Values.join.nats)) }}
{{- end }}

{{/* host:port: egress to there. */}}
{{- define "fleet.egressTo" -}}
- ports: [{ port: {{ regexFind "[0-9]+$" . | int }}, protocol: TCP }] # In another cluster, which no label selects.
{{- end }}

{{/* Nothing, or what is wrong with the values of a release that joins, or of one that others join. */}}
{{- define "fleet.checkJoin" -}}
{{- $v := .Values -}}
{{- $join := $v.join -}}
{{- if and $v.expose.leafNodes (not $v.expose.enabled) -}}
{{- fail "expose.leafNodes needs expose.enabled" -}}
{{- end -}}
{{- if and (not $join.coordinator) (or $join.nats $join.run) -}}
{{- fail "join.coordinator is empty: name the coordinator of the run to join, such as coordinator.example.com:7000" -}}
{{- end -}}
{{- if $join.coordinator -}}
{{- if not $v.tls.enabled -}}
{{- fail "join.coordinator needs tls.enabled: the run's token would cross the network in plain text" -}}
{{- end -}}
{{- if not $v.secrets.existingSecret -}}
{{- fail "join.coordinator needs secrets.existingSecret: a Secret with the token and the worker-password of the run" -}}
{{- end -}}
{{- if ne $v.autoscaler.kind "none" -}}
{{- fail "join.coordinator and autoscaler.kind: pools of a release that joins have a fixed size" -}}
{{- end -}}
{{- if $v.expose.enabled -}}
{{- fail "join.coordinator and expose.enabled are both set: a release that joins has nothing to expose" -}}
{{- end -}}
{{- if and $v.nats.enabled (not (and $join.nats $join.run)) -}}
{{- fail "join.coordinator needs join.nats and join.run: what this release's nats-server is a leaf of" -}}
{{- end -}}
{{- if and $v.nats.enabled (ne (int $v.nats.replicas) 1) -}}
{{- fail "join.coordinator needs nats.replicas 1: a leaf stores nothing" -}}
{{- end -}}
{{- if and (not $v.nats.enabled) $join.nats -}}
{{- fail "join.nats is for this release's own nats-server, and nats.enabled is false: put the address into nats.url" -}}
{{- end -}}
{{- end -}}
{{- end }}
