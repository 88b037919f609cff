{{/*
Base name of the objects. A StatefulSet name may have 52 characters, because its
pods carry it with a hash in a label; the release name is what gives way.
*/}}
{{- define "embedded-valkey.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride | trunc 30 | trimSuffix "-" }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- $room := sub 51 (len $name) | int }}
{{- printf "%s-%s" (.Release.Name | trunc $room | trimSuffix "-") $name }}
{{- end }}
{{- end }}

{{/*
Name of the ServiceAccount of the pod.
*/}}
{{- define "embedded-valkey.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "embedded-valkey.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/*
Name of the Secret with the password.
*/}}
{{- define "embedded-valkey.secretName" -}}
{{- $name := tpl .Values.auth.existingSecret . }}
{{- required (printf "%s: set auth.existingSecret to the name of the Secret with the cache password" .Chart.Name) $name }}
{{- end }}

{{/*
Labels that select the pod. They never change.
*/}}
{{- define "embedded-valkey.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: cache
{{- end }}

{{/*
Labels of every object. The chart's own win over commonLabels.
*/}}
{{- define "embedded-valkey.labels" -}}
{{- $labels := include "embedded-valkey.selectorLabels" . | fromYaml }}
{{- $_ := set $labels "app.kubernetes.io/part-of" .Release.Name }}
{{- $_ := set $labels "app.kubernetes.io/managed-by" .Release.Service }}
{{- $_ := set $labels "app.kubernetes.io/version" (.Chart.AppVersion | replace "+" "_" | trunc 63) }}
{{- $_ := set $labels "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") }}
{{- merge $labels .Values.commonLabels | toYaml }}
{{- end }}

{{/*
Labels of the pod: without versions, so that an upgrade of the chart alone does
not restart the cache.
*/}}
{{- define "embedded-valkey.podLabels" -}}
{{- $labels := include "embedded-valkey.selectorLabels" . | fromYaml }}
{{- $_ := set $labels "app.kubernetes.io/part-of" .Release.Name }}
{{- merge $labels .Values.podLabels .Values.commonLabels | toYaml }}
{{- end }}

{{/*
Reference of the image.
*/}}
{{- define "embedded-valkey.image" -}}
{{- $registry := default .Values.image.registry ((.Values.global).imageRegistry) }}
{{- $repository := ternary (printf "%s/%s" $registry .Values.image.repository) .Values.image.repository (not (empty $registry)) }}
{{- if .Values.image.digest }}
{{- printf "%s@%s" $repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{/*
Pull Secrets, the global ones first.
*/}}
{{- define "embedded-valkey.imagePullSecrets" -}}
{{- range concat (default list ((.Values.global).imagePullSecrets)) .Values.imagePullSecrets | uniq }}
- name: {{ if kindIs "map" . }}{{ .name | quote }}{{ else }}{{ . | quote }}{{ end }}
{{- end }}
{{- end }}

{{/*
Security settings of every container.
*/}}
{{- define "embedded-valkey.containerSecurityContext" -}}
allowPrivilegeEscalation: false
capabilities:
  drop:
    - ALL
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
{{- end }}

{{/*
One value in the syntax of valkey.conf. Text stays as written: a setting may take
several words.
*/}}
{{- define "embedded-valkey.setting" -}}
{{- if kindIs "bool" . }}
{{- ternary "yes" "no" . }}
{{- else if kindIs "string" . }}
{{- default "\"\"" . }}
{{- else if eq (float64 .) (floor .) }}
{{- int64 . }}
{{- else }}
{{- . }}
{{- end }}
{{- end }}

{{/*
Three quarters of the memory limit, in bytes. The rest is for buffers of clients
and for the copy that a rewrite of the append-only file makes.
*/}}
{{- define "embedded-valkey.maxmemory" -}}
{{- $limit := ((.Values.resources).limits).memory }}
{{- $quantity := kindIs "string" $limit | ternary $limit (printf "%d" (int64 $limit)) }}
{{- $suffix := regexFind "([KMGTPE]i|[mkMGTPE])$" $quantity }}
{{- $factors := dict "" 1.0 "m" 0.001
  "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18
  "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 "Pi" 1125899906842624.0 "Ei" 1152921504606846976.0 }}
{{- mulf (trimSuffix $suffix $quantity | float64) (get $factors $suffix) 0.75 | floor | int64 }}
{{- end }}

{{/*
Main configuration file of the server: defaults, then .Values.configuration.
*/}}
{{- define "embedded-valkey.conf" -}}
bind * -::*
port 6379
dir /data
include /run/valkey/auth.conf
{{- $settings := dict "appendonly" .Values.persistence.enabled "save" "" "maxmemory" (include "embedded-valkey.maxmemory" .) }}
{{- range $name, $value := .Values.configuration }}
{{- if not (kindIs "invalid" $value) }}
{{- $_ := set $settings $name $value }}
{{- end }}
{{- end }}
{{- range $name, $value := $settings }}
{{ $name }} {{ include "embedded-valkey.setting" $value }}
{{- end }}
{{ end }}

{{/*
Content of the ConfigMap, mounted at /etc/valkey.
*/}}
{{- define "embedded-valkey.data" -}}
{{- $files := dict "server.conf" (include "embedded-valkey.conf" .) }}
{{- range $name := list "ping.sh" "start.sh" }}
{{- $_ := set $files $name ($.Files.Get (printf "files/%s" $name)) }}
{{- end }}
{{- dict "data" $files | toYaml }}
{{- end }}
