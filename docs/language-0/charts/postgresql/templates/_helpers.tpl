{{/*
Base name of the objects. A StatefulSet name may have 52 characters, because its
pods carry it with a hash in a label; the release name is what gives way.
*/}}
{{- define "embedded-postgresql.fullname" -}}
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
{{- define "embedded-postgresql.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "embedded-postgresql.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/*
Name of the Secret with the passwords.
*/}}
{{- define "embedded-postgresql.secretName" -}}
{{- $name := tpl .Values.auth.existingSecret . }}
{{- required (printf "%s: set auth.existingSecret to the name of the Secret with the database passwords" .Chart.Name) $name }}
{{- end }}

{{/*
Labels that select the pod. They never change.
*/}}
{{- define "embedded-postgresql.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: database
{{- end }}

{{/*
Labels of every object. The chart's own win over commonLabels.
*/}}
{{- define "embedded-postgresql.labels" -}}
{{- $labels := include "embedded-postgresql.selectorLabels" . | fromYaml }}
{{- $_ := set $labels "app.kubernetes.io/part-of" .Release.Name }}
{{- $_ := set $labels "app.kubernetes.io/managed-by" .Release.Service }}
{{- $_ := set $labels "app.kubernetes.io/version" (.Chart.AppVersion | replace "+" "_" | trunc 63) }}
{{- $_ := set $labels "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") }}
{{- merge $labels .Values.commonLabels | toYaml }}
{{- end }}

{{/*
Labels of the pod: without versions, so that an upgrade of the chart alone does
not restart the database.
*/}}
{{- define "embedded-postgresql.podLabels" -}}
{{- $labels := include "embedded-postgresql.selectorLabels" . | fromYaml }}
{{- $_ := set $labels "app.kubernetes.io/part-of" .Release.Name }}
{{- merge $labels .Values.podLabels .Values.commonLabels | toYaml }}
{{- end }}

{{/*
Reference of the image.
*/}}
{{- define "embedded-postgresql.image" -}}
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
{{- define "embedded-postgresql.imagePullSecrets" -}}
{{- range concat (default list ((.Values.global).imagePullSecrets)) .Values.imagePullSecrets | uniq }}
- name: {{ if kindIs "map" . }}{{ .name | quote }}{{ else }}{{ . | quote }}{{ end }}
{{- end }}
{{- end }}

{{/*
Security settings of every container.
*/}}
{{- define "embedded-postgresql.containerSecurityContext" -}}
allowPrivilegeEscalation: false
capabilities:
  drop:
    - ALL
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
{{- end }}

{{/*
One value in the syntax of postgresql.conf.
*/}}
{{- define "embedded-postgresql.setting" -}}
{{- if kindIs "bool" . }}
{{- ternary "on" "off" . }}
{{- else if kindIs "string" . }}
{{- printf "'%s'" (. | replace "\\" "\\\\" | replace "'" "''") }}
{{- else if eq (float64 .) (floor .) }}
{{- int64 . }}
{{- else }}
{{- . }}
{{- end }}
{{- end }}

{{/*
Main configuration file of the server.
*/}}
{{- define "embedded-postgresql.conf" -}}
listen_addresses = '*'
port = 5432
unix_socket_directories = '/var/run/postgresql'
hba_file = '/etc/postgresql/pg_hba.conf'
password_encryption = 'scram-sha-256'
{{- range $name, $value := .Values.configuration }}
{{- if not (kindIs "invalid" $value) }}
{{ $name }} = {{ include "embedded-postgresql.setting" $value }}
{{- end }}
{{- end }}
{{ end }}

{{/*
Content of the ConfigMap, mounted at /etc/postgresql.
*/}}
{{- define "embedded-postgresql.data" -}}
{{- $files := dict "postgresql.conf" (include "embedded-postgresql.conf" .) }}
{{- range $name := list "pg_hba.conf" "initialize.sh" "roles.sql" }}
{{- $_ := set $files $name ($.Files.Get (printf "files/%s" $name)) }}
{{- end }}
{{- dict "data" $files | toYaml }}
{{- end }}
