{{/* How the chart finds its dependencies and connects to them. */}}

{{/* Host of postgresql, asked from its own chart; empty when it is switched off. */}}
{{- define "task-api.postgresql.host" -}}
{{- with .Subcharts.postgresql }}{{ include "embedded-postgresql.fullname" . }}{{ end }}
{{- end }}

{{/* Port of postgresql. */}}
{{- define "task-api.postgresql.port" -}}
5432
{{- end }}

{{/* Host and port of postgresql. */}}
{{- define "task-api.postgresql.address" -}}
{{- include "task-api.postgresql.host" . }}:{{ include "task-api.postgresql.port" . }}
{{- end }}

{{/* User of postgresql. */}}
{{- define "task-api.postgresql.user" -}}
{{- .Values.postgresql.auth.username }}
{{- end }}

{{/* Database of postgresql. */}}
{{- define "task-api.postgresql.database" -}}
{{- .Values.postgresql.auth.database }}
{{- end }}

{{/* URL of postgresql; empty when it is switched off. Takes (dict "context" $ "password" "…"). */}}
{{- define "task-api.postgresql.url" -}}
{{- with include "task-api.postgresql.host" .context }}
{{- $host := . }}
{{- $user := include "task-api.postgresql.user" $.context | urlquery | replace "+" "%20" }}
{{- $password := $.password | urlquery | replace "+" "%20" }}
{{- $port := include "task-api.postgresql.port" $.context }}
{{- $database := include "task-api.postgresql.database" $.context }}
{{- printf "postgresql://%s:%s@%s:%s/%s" $user $password $host $port $database }}
{{- end }}
{{- end }}

{{/* Where the URL of postgresql stands: Secret and key. */}}
{{- define "task-api.postgresql.urlSource" -}}
name: {{ include "task-api.secretName" . | quote }}
key: database-url
{{- end }}

{{/* The URL of postgresql as a variable. Takes (dict "context" $ "name" "…"). */}}
{{- define "task-api.postgresql.urlVariable" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      {{- include "task-api.postgresql.urlSource" .context | nindent 6 }}
{{- end }}

{{/* What the Secret holds for postgresql besides passwords.
     Takes (dict "context" $ "values" (dict "key" "password" …)). */}}
{{- define "task-api.postgresql.secretData" -}}
{{- if .context.Values.postgresql.enabled }}
database-url: {{ include "task-api.postgresql.url" (dict "context" .context "password" (index .values "postgresql-password")) | b64enc }}
{{- end }}
{{- end }}

{{/* Host of redis, asked from its own chart; empty when it is switched off. */}}
{{- define "task-api.redis.host" -}}
{{- with .Subcharts.redis }}{{ include "embedded-valkey.fullname" . }}{{ end }}
{{- end }}

{{/* Port of redis. */}}
{{- define "task-api.redis.port" -}}
6379
{{- end }}

{{/* Host and port of redis. */}}
{{- define "task-api.redis.address" -}}
{{- include "task-api.redis.host" . }}:{{ include "task-api.redis.port" . }}
{{- end }}

{{/* URL of redis; empty when it is switched off. Takes (dict "context" $ "password" "…"). */}}
{{- define "task-api.redis.url" -}}
{{- with include "task-api.redis.host" .context }}
{{- $host := . }}
{{- $password := $.password | urlquery | replace "+" "%20" }}
{{- $port := include "task-api.redis.port" $.context }}
{{- printf "redis://:%s@%s:%s/0" $password $host $port }}
{{- end }}
{{- end }}

{{/* Where the URL of redis stands: Secret and key. */}}
{{- define "task-api.redis.urlSource" -}}
name: {{ include "task-api.secretName" . | quote }}
key: redis-url
{{- end }}

{{/* The URL of redis as a variable. Takes (dict "context" $ "name" "…"). */}}
{{- define "task-api.redis.urlVariable" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      {{- include "task-api.redis.urlSource" .context | nindent 6 }}
{{- end }}

{{/* What the Secret holds for redis besides passwords.
     Takes (dict "context" $ "values" (dict "key" "password" …)). */}}
{{- define "task-api.redis.secretData" -}}
{{- if .context.Values.redis.enabled }}
redis-url: {{ include "task-api.redis.url" (dict "context" .context "password" (index .values "redis-password")) | b64enc }}
{{- end }}
{{- end }}

{{/* Where the connections lead, without passwords: pods restart when it changes. */}}
{{- define "task-api.connections" -}}
{{ include "task-api.secretName" . }}
{{- if include "task-api.postgresql.host" . }}
{{ include "task-api.postgresql.url" (dict "context" . "password" "") }}
{{- end }}
{{- if include "task-api.redis.host" . }}
{{ include "task-api.redis.url" (dict "context" . "password" "") }}
{{- end }}
{{- end }}

{{/* Labels of the pods of postgresql. */}}
{{- define "task-api.postgresql.podLabels" -}}
app.kubernetes.io/name: postgresql
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* Egress to postgresql. */}}
{{- define "task-api.postgresql.egress" -}}
{{- if .Values.postgresql.enabled -}}
- to:
    - podSelector:
        matchLabels:
          {{- include "task-api.postgresql.podLabels" . | nindent 10 }}
  ports:
    - port: 5432
      protocol: TCP
{{- else -}}
- ports:
    - port: {{ include "task-api.postgresql.port" . }}
      protocol: TCP
{{- end }}
{{- end }}

{{/* The container that tests the connection to postgresql. */}}
{{- define "task-api.postgresql.test" -}}
- name: postgresql
  image: {{ include "task-api.image" (dict "context" . "image" .Values.clients.postgresql.image) }}
  imagePullPolicy: {{ .Values.clients.postgresql.image.pullPolicy }}
  command:
    - /bin/sh
    - -euc
    - |
      echo "Testing PostgreSQL connection..."
      psql "$URL" --quiet --no-psqlrc --set ON_ERROR_STOP=1 --command 'select 1' > /dev/null
      echo "PostgreSQL connection successful!"
  env:
    {{- include "task-api.postgresql.urlVariable" (dict "context" . "name" "URL") | nindent 4 }}
    - name: PGCONNECT_TIMEOUT
      value: "10"
{{- end }}

{{/* Values that cannot work with postgresql. Gives nothing. */}}
{{- define "task-api.postgresql.validate" -}}
{{- if and (not .Values.postgresql.enabled) (not (or ((.Values.global).taskApi).existingSecret)) }}
{{- fail "postgresql.enabled is false: name a Secret in global.taskApi.existingSecret whose key database-url leads to another server" }}
{{- end }}
{{- $taken := printf "%s-postgresql" .Release.Name }}
{{- if contains "postgresql" .Release.Name }}{{ $taken = .Release.Name }}{{ end }}
{{- if eq $taken (include "task-api.fullname" .) }}
{{- fail (printf "postgresql would be called %s like the chart's own objects: choose a release name, or fullnameOverride, without %q" $taken "postgresql") }}
{{- end }}
{{- if and (contains "postgresql" .Release.Name) (contains "redis" .Release.Name) }}
{{- fail (printf "the release name %s contains the names of two dependencies, so both would be called the same: choose another release name" .Release.Name) }}
{{- end }}
{{- end }}

{{/* Labels of the pods of redis. */}}
{{- define "task-api.redis.podLabels" -}}
app.kubernetes.io/name: redis
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* Egress to redis. */}}
{{- define "task-api.redis.egress" -}}
{{- if .Values.redis.enabled -}}
- to:
    - podSelector:
        matchLabels:
          {{- include "task-api.redis.podLabels" . | nindent 10 }}
  ports:
    - port: 6379
      protocol: TCP
{{- else -}}
- ports:
    - port: {{ include "task-api.redis.port" . }}
      protocol: TCP
{{- end }}
{{- end }}

{{/* The container that tests the connection to redis. */}}
{{- define "task-api.redis.test" -}}
- name: redis
  image: {{ include "task-api.image" (dict "context" . "image" .Values.clients.redis.image) }}
  imagePullPolicy: {{ .Values.clients.redis.image.pullPolicy }}
  command:
    - /bin/sh
    - -euc
    - |
      echo "Testing Redis connection..."
      # Without a user in its URL the client would log in as a user without a name.
      url=$(printf '%s' "$URL" | sed 's|://:|://default:|')
      answer=$(valkey-cli -t 10 --no-auth-warning -u "$url" ping)
      [ "$answer" = PONG ] || { echo "$answer"; exit 1; }
      echo "Redis connection successful!"
  env:
    {{- include "task-api.redis.urlVariable" (dict "context" . "name" "URL") | nindent 4 }}
{{- end }}

{{/* Values that cannot work with redis. Gives nothing. */}}
{{- define "task-api.redis.validate" -}}
{{- if and (not .Values.redis.enabled) (not (or ((.Values.global).taskApi).existingSecret)) }}
{{- fail "redis.enabled is false: name a Secret in global.taskApi.existingSecret whose key redis-url leads to another server" }}
{{- end }}
{{- $taken := printf "%s-redis" .Release.Name }}
{{- if contains "redis" .Release.Name }}{{ $taken = .Release.Name }}{{ end }}
{{- if eq $taken (include "task-api.fullname" .) }}
{{- fail (printf "redis would be called %s like the chart's own objects: choose a release name, or fullnameOverride, without %q" $taken "redis") }}
{{- end }}
{{- end }}
