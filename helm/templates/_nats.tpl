{{/* Parts of nats-server's configuration that depend on the values; files/nats.conf includes them. */}}

{{- define "fleet.natsConf" -}}
{{ tpl (.Files.Get (ternary "files/nats-leaf.conf" "files/nats.conf" (not (empty .Values.join.coordinator)))) . }}
{{- end }}

{{- define "fleet.natsTls" -}}
{{- if .Values.tls.enabled -}}
tls {
  cert_file: "/tls/tls.crt"
  key_file: "/tls/tls.key"
{{- if .Values.tls.mutual }}
  ca_file: "/tls/ca.crt"
  verify: true
{{- end }}
}
{{ end -}}
{{- end }}

{{- define "fleet.natsCluster" -}}
{{- if gt (int .Values.nats.replicas) 1 -}}
cluster {
  name: {{ .Release.Name | quote }}
  listen: "0.0.0.0:6222"
  no_advertise: true # Clients know the servers by name; certificates have no addresses.
  authorization { user: route, password: $ROUTE_PASSWORD, timeout: 10 }
{{- if .Values.tls.enabled }}
  tls { cert_file: "/tls/tls.crt", key_file: "/tls/tls.key", ca_file: "/tls/ca.crt", verify: true }
{{- end }}
  routes: $ROUTES
}
{{ end -}}
{{- end }}

{{/* Where the servers of a cluster find each other, with the password that the kubelet puts in. */}}
{{- define "fleet.natsRoutes" -}}
{{- $routes := list -}}
{{- range $i := until (int .Values.nats.replicas) -}}
{{- $routes = append $routes (printf "nats://route:$(ROUTE_SECRET)@%s-nats-%d.%s-nats:6222" $.Release.Name $i $.Release.Name) -}}
{{- end -}}
{{ toJson $routes }}
{{- end }}

{{/* Nine tenths of the volume: on a disk that is really full nats-server gives its streams up. */}}
{{- define "fleet.natsStoreBytes" -}}
{{- $size := .Values.nats.storage.size -}}
{{- $unit := dict "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $number := regexFind "^[0-9]+" $size | int64 -}}
{{- div (mul $number (get $unit (regexFind "[A-Z]i$" $size)) 9) 10 -}}
{{- end }}
