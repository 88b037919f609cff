{{/* How the chart finds its dependencies and connects to them. */}}

{{/* Host of database, asked from its own chart; empty when it is switched off. */}}
{{- define "orders.database.host" -}}
{{- with .Subcharts.database }}{{ include "embedded-postgresql.fullname" . }}{{ end }}
{{- end }}

{{/* Port of database. */}}
{{- define "orders.database.port" -}}
5432
{{- end }}

{{/* Host and port of database. */}}
{{- define "orders.database.address" -}}
{{- include "orders.database.host" . }}:{{ include "orders.database.port" . }}
{{- end }}

{{/* User of database. */}}
{{- define "orders.database.user" -}}
{{- .Values.database.auth.username }}
{{- end }}

{{/* Database of database. */}}
{{- define "orders.database.database" -}}
{{- .Values.database.auth.database }}
{{- end }}

{{/* URL of database; empty when it is switched off. Takes (dict "context" $ "password" "…"). */}}
{{- define "orders.database.url" -}}
{{- with include "orders.database.host" .context }}
{{- $host := . }}
{{- $user := include "orders.database.user" $.context | urlquery | replace "+" "%20" }}
{{- $password := $.password | urlquery | replace "+" "%20" }}
{{- $port := include "orders.database.port" $.context }}
{{- $database := include "orders.database.database" $.context }}
{{- printf "postgresql://%s:%s@%s:%s/%s" $user $password $host $port $database }}
{{- end }}
{{- end }}

{{/* Where the URL of database stands: Secret and key. */}}
{{- define "orders.database.urlSource" -}}
name: {{ include "orders.secretName" . | quote }}
key: database-url
{{- end }}

{{/* The URL of database as a variable. Takes (dict "context" $ "name" "…"). */}}
{{- define "orders.database.urlVariable" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      {{- include "orders.database.urlSource" .context | nindent 6 }}
{{- end }}

{{/* What the Secret holds for database besides passwords.
     Takes (dict "context" $ "values" (dict "key" "password" …)). */}}
{{- define "orders.database.secretData" -}}
{{- if include "orders.database.host" .context }}
database-url: {{ include "orders.database.url" (dict "context" .context "password" (index .values "database-password")) | b64enc }}
{{- end }}
{{- end }}

{{/* Where the connections lead, without passwords: pods restart when it changes. */}}
{{- define "orders.connections" -}}
{{ include "orders.secretName" . }}
{{- if include "orders.database.host" . }}
{{ include "orders.database.url" (dict "context" . "password" "") }}
{{- end }}
{{- end }}

{{/* Labels of the pods of database. */}}
{{- define "orders.database.podLabels" -}}
app.kubernetes.io/name: database
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* Egress to database. */}}
{{- define "orders.database.egress" -}}
{{- if .Values.database.enabled -}}
- to:
    - podSelector:
        matchLabels:
          {{- include "orders.database.podLabels" . | nindent 10 }}
  ports:
    - port: 5432
      protocol: TCP
{{- else -}}
- ports:
    - port: 5432
      protocol: TCP
{{- end }}
{{- end }}

{{/* The container that tests the connection to database. */}}
{{- define "orders.database.test" -}}
- name: database
  image: {{ include "orders.image" (dict "context" . "image" .Values.clients.postgresql.image) }}
  imagePullPolicy: {{ .Values.clients.postgresql.image.pullPolicy }}
  command:
    - /bin/sh
    - -euc
    - |
      echo "Testing PostgreSQL connection..."
      psql "$URL" --quiet --no-psqlrc --set ON_ERROR_STOP=1 --command 'select 1' > /dev/null
      echo "PostgreSQL connection successful!"
  env:
    {{- include "orders.database.urlVariable" (dict "context" . "name" "URL") | nindent 4 }}
    - name: PGCONNECT_TIMEOUT
      value: "10"
{{- end }}

{{/* Values that cannot work with database. Gives nothing. */}}
{{- define "orders.database.validate" -}}
{{- if and (not .Values.database.enabled) (not (or ((.Values.global).orders).existingSecret)) }}
{{- fail "database.enabled is false: name a Secret in global.orders.existingSecret whose key database-url leads to another server" }}
{{- end }}
{{- $taken := printf "%s-database" .Release.Name }}
{{- if contains "database" .Release.Name }}{{ $taken = .Release.Name }}{{ end }}
{{- if eq $taken (include "orders.fullname" .) }}
{{- fail (printf "database would be called %s like the chart's own objects: choose a release name, or fullnameOverride, without %q" $taken "database") }}
{{- end }}
{{- end }}
