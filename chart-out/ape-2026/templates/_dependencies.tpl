{{/* How the chart finds its dependencies and connects to them. */}}

{{/* Host of postgresql, asked from its own chart; empty when it is switched off. */}}
{{- define "ape-2026.postgresql.host" -}}
{{- with .Subcharts.postgresql }}{{ include "timescaledb.fullname" . }}{{ end }}
{{- end }}

{{/* Port of postgresql. */}}
{{- define "ape-2026.postgresql.port" -}}
5432
{{- end }}

{{/* Host and port of postgresql. */}}
{{- define "ape-2026.postgresql.address" -}}
{{- include "ape-2026.postgresql.host" . }}:{{ include "ape-2026.postgresql.port" . }}
{{- end }}

{{/* User of postgresql. */}}
{{- define "ape-2026.postgresql.user" -}}
postgres
{{- end }}

{{/* Database of postgresql. */}}
{{- define "ape-2026.postgresql.database" -}}
postgres
{{- end }}

{{/* URL of postgresql; empty when it is switched off. Takes (dict "context" $ "password" "…"). */}}
{{- define "ape-2026.postgresql.url" -}}
{{- with include "ape-2026.postgresql.host" .context }}
{{- $host := . }}
{{- $user := include "ape-2026.postgresql.user" $.context | urlquery | replace "+" "%20" }}
{{- $password := $.password | urlquery | replace "+" "%20" }}
{{- $port := include "ape-2026.postgresql.port" $.context }}
{{- $database := include "ape-2026.postgresql.database" $.context }}
{{- printf "postgresql://%s:%s@%s:%s/%s" $user $password $host $port $database }}
{{- end }}
{{- end }}

{{/* Where the URL of postgresql stands: Secret and key. */}}
{{- define "ape-2026.postgresql.urlSource" -}}
name: {{ include "ape-2026.secretName" . | quote }}
key: database-url
{{- end }}

{{/* The URL of postgresql as a variable. Takes (dict "context" $ "name" "…"). */}}
{{- define "ape-2026.postgresql.urlVariable" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      {{- include "ape-2026.postgresql.urlSource" .context | nindent 6 }}
{{- end }}

{{/* What the Secret holds for postgresql besides passwords.
     Takes (dict "context" $ "values" (dict "key" "password" …)). */}}
{{- define "ape-2026.postgresql.secretData" -}}
{{- if .context.Values.postgresql.enabled }}
database-url: {{ include "ape-2026.postgresql.url" (dict "context" .context "password" (index .values "postgresql-password")) | b64enc }}
{{- end }}
{{- end }}

{{/* Host of redis, asked from its own chart; empty when it is switched off. */}}
{{- define "ape-2026.redis.host" -}}
{{- with .Subcharts.redis }}{{ include "common.names.fullname" . }}-master{{ end }}
{{- end }}

{{/* Port of redis. */}}
{{- define "ape-2026.redis.port" -}}
6379
{{- end }}

{{/* Host and port of redis. */}}
{{- define "ape-2026.redis.address" -}}
{{- include "ape-2026.redis.host" . }}:{{ include "ape-2026.redis.port" . }}
{{- end }}

{{/* URL of redis; empty when it is switched off. Takes (dict "context" $ "password" "…"). */}}
{{- define "ape-2026.redis.url" -}}
{{- with include "ape-2026.redis.host" .context }}
{{- $host := . }}
{{- $password := $.password | urlquery | replace "+" "%20" }}
{{- $port := include "ape-2026.redis.port" $.context }}
{{- printf "redis://:%s@%s:%s/0" $password $host $port }}
{{- end }}
{{- end }}

{{/* Where the URL of redis stands: Secret and key. */}}
{{- define "ape-2026.redis.urlSource" -}}
name: {{ include "ape-2026.secretName" . | quote }}
key: redis-url
{{- end }}

{{/* The URL of redis as a variable. Takes (dict "context" $ "name" "…"). */}}
{{- define "ape-2026.redis.urlVariable" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      {{- include "ape-2026.redis.urlSource" .context | nindent 6 }}
{{- end }}

{{/* What the Secret holds for redis besides passwords.
     Takes (dict "context" $ "values" (dict "key" "password" …)). */}}
{{- define "ape-2026.redis.secretData" -}}
{{- if .context.Values.redis.enabled }}
redis-url: {{ include "ape-2026.redis.url" (dict "context" .context "password" (index .values "redis-password")) | b64enc }}
{{- end }}
{{- end }}

{{/* Host of neo4j, asked from its own chart; empty when it is switched off. */}}
{{- define "ape-2026.neo4j.host" -}}
{{- with .Subcharts.neo4j }}{{ include "neo4j.fullname" . }}{{ end }}
{{- end }}

{{/* Port of neo4j. */}}
{{- define "ape-2026.neo4j.port" -}}
7687
{{- end }}

{{/* Host and port of neo4j. */}}
{{- define "ape-2026.neo4j.address" -}}
{{- include "ape-2026.neo4j.host" . }}:{{ include "ape-2026.neo4j.port" . }}
{{- end }}

{{/* User of neo4j. */}}
{{- define "ape-2026.neo4j.user" -}}
neo4j
{{- end }}

{{/* Database of neo4j. */}}
{{- define "ape-2026.neo4j.database" -}}
neo4j
{{- end }}

{{/* URL of neo4j; empty when it is switched off. Takes (dict "context" $). */}}
{{- define "ape-2026.neo4j.url" -}}
{{- with include "ape-2026.neo4j.host" .context }}
{{- $host := . }}
{{- $port := include "ape-2026.neo4j.port" $.context }}
{{- printf "bolt://%s:%s" $host $port }}
{{- end }}
{{- end }}

{{/* The URL of neo4j as a variable; nothing when it is switched off. Takes (dict "context" $ "name" "…"). */}}
{{- define "ape-2026.neo4j.urlVariable" -}}
{{- with include "ape-2026.neo4j.url" . -}}
- name: {{ $.name }}
  value: {{ . | quote }}
{{- end }}
{{- end }}

{{/* What the Secret holds for neo4j besides passwords.
     Takes (dict "context" $ "values" (dict "key" "password" …)). */}}
{{- define "ape-2026.neo4j.secretData" -}}
{{- if .context.Values.neo4j.enabled }}
NEO4J_AUTH: {{ printf "neo4j/%s" (index .values "neo4j-password") | b64enc }}
{{- end }}
{{- end }}

{{/* Host of prometheus, asked from its own chart; empty when it is switched off. */}}
{{- define "ape-2026.prometheus.host" -}}
{{- with .Subcharts.prometheus }}{{ include "prometheus.server.fullname" . }}{{ end }}
{{- end }}

{{/* Port of prometheus. */}}
{{- define "ape-2026.prometheus.port" -}}
80
{{- end }}

{{/* Host and port of prometheus. */}}
{{- define "ape-2026.prometheus.address" -}}
{{- include "ape-2026.prometheus.host" . }}:{{ include "ape-2026.prometheus.port" . }}
{{- end }}

{{/* URL of prometheus; empty when it is switched off. Takes (dict "context" $). */}}
{{- define "ape-2026.prometheus.url" -}}
{{- with include "ape-2026.prometheus.host" .context }}
{{- $host := . }}
{{- $scheme := ternary "https" "http" (eq (include "ape-2026.prometheus.port" $.context) "443") }}
{{- $port := include "ape-2026.prometheus.port" $.context }}
{{- printf "%s://%s:%s" $scheme $host $port }}
{{- end }}
{{- end }}

{{/* The URL of prometheus as a variable; nothing when it is switched off. Takes (dict "context" $ "name" "…"). */}}
{{- define "ape-2026.prometheus.urlVariable" -}}
{{- with include "ape-2026.prometheus.url" . -}}
- name: {{ $.name }}
  value: {{ . | quote }}
{{- end }}
{{- end }}

{{/* Host of grafana, asked from its own chart; empty when it is switched off. */}}
{{- define "ape-2026.grafana.host" -}}
{{- with .Subcharts.grafana }}{{ include "grafana.fullname" . }}{{ end }}
{{- end }}

{{/* Port of grafana. */}}
{{- define "ape-2026.grafana.port" -}}
80
{{- end }}

{{/* Host and port of grafana. */}}
{{- define "ape-2026.grafana.address" -}}
{{- include "ape-2026.grafana.host" . }}:{{ include "ape-2026.grafana.port" . }}
{{- end }}

{{/* URL of grafana; empty when it is switched off. Takes (dict "context" $). */}}
{{- define "ape-2026.grafana.url" -}}
{{- with include "ape-2026.grafana.host" .context }}
{{- $host := . }}
{{- $scheme := ternary "https" "http" (eq (include "ape-2026.grafana.port" $.context) "443") }}
{{- $port := include "ape-2026.grafana.port" $.context }}
{{- printf "%s://%s:%s" $scheme $host $port }}
{{- end }}
{{- end }}

{{/* The URL of grafana as a variable; nothing when it is switched off. Takes (dict "context" $ "name" "…"). */}}
{{- define "ape-2026.grafana.urlVariable" -}}
{{- with include "ape-2026.grafana.url" . -}}
- name: {{ $.name }}
  value: {{ . | quote }}
{{- end }}
{{- end }}

{{/* What the Secret holds for grafana besides passwords.
     Takes (dict "context" $ "values" (dict "key" "password" …)). */}}
{{- define "ape-2026.grafana.secretData" -}}
{{- if .context.Values.grafana.enabled }}
grafana-admin-user: {{ "admin" | b64enc }}
{{- end }}
{{- end }}

{{/* Where the connections lead, without passwords: pods restart when it changes. */}}
{{- define "ape-2026.connections" -}}
{{ include "ape-2026.secretName" . }}
{{- if include "ape-2026.postgresql.host" . }}
{{ include "ape-2026.postgresql.url" (dict "context" . "password" "") }}
{{- end }}
{{- if include "ape-2026.redis.host" . }}
{{ include "ape-2026.redis.url" (dict "context" . "password" "") }}
{{- end }}
{{- end }}

{{/* Labels of the pods of postgresql. */}}
{{- define "ape-2026.postgresql.podLabels" -}}
app.kubernetes.io/name: postgresql
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* Egress to postgresql. */}}
{{- define "ape-2026.postgresql.egress" -}}
{{- if .Values.postgresql.enabled -}}
- to:
    - podSelector:
        matchLabels:
          {{- include "ape-2026.postgresql.podLabels" . | nindent 10 }}
  ports:
    - port: 5432
      protocol: TCP
{{- else -}}
- ports:
    - port: {{ include "ape-2026.postgresql.port" . }}
      protocol: TCP
{{- end }}
{{- end }}

{{/* The container that tests the connection to postgresql. */}}
{{- define "ape-2026.postgresql.test" -}}
- name: postgresql
  image: {{ include "ape-2026.image" (dict "context" . "image" .Values.clients.postgresql.image) }}
  imagePullPolicy: {{ .Values.clients.postgresql.image.pullPolicy }}
  command:
    - /bin/sh
    - -euc
    - |
      echo "Testing PostgreSQL connection..."
      psql "$URL" --quiet --no-psqlrc --set ON_ERROR_STOP=1 --command 'select 1' > /dev/null
      echo "PostgreSQL connection successful!"
  env:
    {{- include "ape-2026.postgresql.urlVariable" (dict "context" . "name" "URL") | nindent 4 }}
    - name: PGCONNECT_TIMEOUT
      value: "10"
{{- end }}

{{/* Values that cannot work with postgresql. Gives nothing. */}}
{{- define "ape-2026.postgresql.validate" -}}
{{- if and (not .Values.postgresql.enabled) (not (or ((.Values.global).ape2026).existingSecret .Values.externalSecret.enabled)) }}
{{- fail "postgresql.enabled is false: name a Secret in global.ape2026.existingSecret whose key database-url leads to another server" }}
{{- end }}
{{- if not (include "ape-2026.postgresql.host" .) }}
{{- fail "postgresql.enabled is false, but POSTGRES_HOST of api would be empty without its host" }}
{{- end }}
{{- $taken := printf "%s-postgresql" .Release.Name }}
{{- if contains "postgresql" .Release.Name }}{{ $taken = .Release.Name }}{{ end }}
{{- if eq $taken (include "ape-2026.fullname" .) }}
{{- fail (printf "postgresql would be called %s like the chart's own objects: choose a release name, or fullnameOverride, without %q" $taken "postgresql") }}
{{- end }}
{{- if and (contains "postgresql" .Release.Name) (contains "redis" .Release.Name) }}
{{- fail (printf "the release name %s contains the names of two dependencies, so both would be called the same: choose another release name" .Release.Name) }}
{{- end }}
{{- if and (contains "postgresql" .Release.Name) (contains "prometheus" .Release.Name) }}
{{- fail (printf "the release name %s contains the names of two dependencies, so both would be called the same: choose another release name" .Release.Name) }}
{{- end }}
{{- if dig "nameOverride" "" .Values.postgresql }}
{{- fail "postgresql.nameOverride: the network policies find the pods of postgresql by its name; use fullnameOverride" }}
{{- end }}
{{- if gt (len (include "ape-2026.postgresql.host" .)) 52 }}
{{- fail (printf "the release name %s is too long: the objects of postgresql may have 52 characters" .Release.Name) }}
{{- end }}
{{- end }}

{{/* Labels of the pods of redis. */}}
{{- define "ape-2026.redis.podLabels" -}}
app.kubernetes.io/name: redis
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* Egress to redis. */}}
{{- define "ape-2026.redis.egress" -}}
{{- if .Values.redis.enabled -}}
- to:
    - podSelector:
        matchLabels:
          {{- include "ape-2026.redis.podLabels" . | nindent 10 }}
  ports:
    - port: 6379
      protocol: TCP
{{- else -}}
- ports:
    - port: {{ include "ape-2026.redis.port" . }}
      protocol: TCP
{{- end }}
{{- end }}

{{/* The container that tests the connection to redis. */}}
{{- define "ape-2026.redis.test" -}}
- name: redis
  image: {{ include "ape-2026.image" (dict "context" . "image" .Values.clients.redis.image) }}
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
    {{- include "ape-2026.redis.urlVariable" (dict "context" . "name" "URL") | nindent 4 }}
{{- end }}

{{/* Values that cannot work with redis. Gives nothing. */}}
{{- define "ape-2026.redis.validate" -}}
{{- if and (not .Values.redis.enabled) (not (or ((.Values.global).ape2026).existingSecret .Values.externalSecret.enabled)) }}
{{- fail "redis.enabled is false: name a Secret in global.ape2026.existingSecret whose key redis-url leads to another server" }}
{{- end }}
{{- $taken := printf "%s-redis" .Release.Name }}
{{- if contains "redis" .Release.Name }}{{ $taken = .Release.Name }}{{ end }}
{{- if eq $taken (include "ape-2026.fullname" .) }}
{{- fail (printf "redis would be called %s like the chart's own objects: choose a release name, or fullnameOverride, without %q" $taken "redis") }}
{{- end }}
{{- if dig "nameOverride" "" .Values.redis }}
{{- fail "redis.nameOverride: the network policies find the pods of redis by its name; use fullnameOverride" }}
{{- end }}
{{- if gt (len (include "ape-2026.redis.host" .)) 52 }}
{{- fail (printf "the release name %s is too long: the objects of redis may have 52 characters" .Release.Name) }}
{{- end }}
{{- if eq (toString (dig "auth" "enabled" "" .Values.redis)) "false" }}
{{- fail "redis.auth.enabled: the connection URL carries a password" }}
{{- end }}
{{- end }}

{{/* Labels of the pods of neo4j. */}}
{{- define "ape-2026.neo4j.podLabels" -}}
{{- with .Subcharts.neo4j -}}
helm.neo4j.com/instance: "{{ include "neo4j.fullname" . }}"
{{- end }}
{{- end }}

{{/* Egress to neo4j. */}}
{{- define "ape-2026.neo4j.egress" -}}
{{- if .Values.neo4j.enabled -}}
- to:
    - podSelector:
        matchLabels:
          {{- include "ape-2026.neo4j.podLabels" . | nindent 10 }}
  ports:
    - port: 7687
      protocol: TCP
{{- else -}}
- ports:
    - port: {{ include "ape-2026.neo4j.port" . }}
      protocol: TCP
{{- end }}
{{- end }}

{{/* The container that tests the connection to neo4j. */}}
{{- define "ape-2026.neo4j.test" -}}
- name: neo4j
  image: {{ include "ape-2026.image" (dict "context" . "image" .Values.clients.http.image) }}
  imagePullPolicy: {{ .Values.clients.http.image.pullPolicy }}
  command:
    - /bin/sh
    - -euc
    - |
      [ -n "$URL" ] || { echo "neo4j is not installed"; exit 0; }
      echo "Testing Neo4j connection..."
      nc -z -w 10 "$SERVER_HOST" "$SERVER_PORT"
      echo "Neo4j connection successful!"
  env:
    - name: URL
      value: {{ include "ape-2026.neo4j.url" (dict "context" .) | quote }}
    {{- with include "ape-2026.neo4j.host" . }}
    - name: SERVER_HOST
      value: {{ . | quote }}
    - name: SERVER_PORT
      value: {{ include "ape-2026.neo4j.port" $ | quote }}
    {{- end }}
{{- end }}

{{/* Values that cannot work with neo4j. Gives nothing. */}}
{{- define "ape-2026.neo4j.validate" -}}
{{- $taken := printf "%s-neo4j" .Release.Name }}
{{- if contains "neo4j" .Release.Name }}{{ $taken = .Release.Name }}{{ end }}
{{- if eq $taken (include "ape-2026.fullname" .) }}
{{- fail (printf "neo4j would be called %s like the chart's own objects: choose a release name, or fullnameOverride, without %q" $taken "neo4j") }}
{{- end }}
{{- if and (contains "neo4j" .Release.Name) (contains "postgresql" .Release.Name) }}
{{- fail (printf "the release name %s contains the names of two dependencies, so both would be called the same: choose another release name" .Release.Name) }}
{{- end }}
{{- if and (contains "neo4j" .Release.Name) (contains "redis" .Release.Name) }}
{{- fail (printf "the release name %s contains the names of two dependencies, so both would be called the same: choose another release name" .Release.Name) }}
{{- end }}
{{- if and (contains "neo4j" .Release.Name) (contains "prometheus" .Release.Name) }}
{{- fail (printf "the release name %s contains the names of two dependencies, so both would be called the same: choose another release name" .Release.Name) }}
{{- end }}
{{- if gt (len (include "ape-2026.neo4j.host" .)) 52 }}
{{- fail (printf "the release name %s is too long: the objects of neo4j may have 52 characters" .Release.Name) }}
{{- end }}
{{- end }}

{{/* Labels of the pods of prometheus. */}}
{{- define "ape-2026.prometheus.podLabels" -}}
app.kubernetes.io/name: prometheus
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* Who may read metrics: prometheus of the release, and what else the values name. */}}
{{- define "ape-2026.metricsPeers" -}}
{{- if .Values.prometheus.enabled }}
- podSelector:
    matchLabels:
      {{- include "ape-2026.prometheus.podLabels" . | nindent 6 }}
{{- end }}
{{- if or .Values.networkPolicy.monitoringNamespace (not .Values.prometheus.enabled) }}
- namespaceSelector:
    {{- with .Values.networkPolicy.monitoringNamespace }}
    matchLabels:
      kubernetes.io/metadata.name: {{ . | quote }}
    {{- else }} {}
    {{- end }}
{{- end }}
{{- end }}

{{/* Egress to prometheus. */}}
{{- define "ape-2026.prometheus.egress" -}}
{{- if .Values.prometheus.enabled -}}
- to:
    - podSelector:
        matchLabels:
          {{- include "ape-2026.prometheus.podLabels" . | nindent 10 }}
  ports:
    - port: 9090
      protocol: TCP
{{- else -}}
- ports:
    - port: {{ include "ape-2026.prometheus.port" . }}
      protocol: TCP
{{- end }}
{{- end }}

{{/* The container that tests the connection to prometheus. */}}
{{- define "ape-2026.prometheus.test" -}}
- name: prometheus
  image: {{ include "ape-2026.image" (dict "context" . "image" .Values.clients.http.image) }}
  imagePullPolicy: {{ .Values.clients.http.image.pullPolicy }}
  command:
    - /bin/sh
    - -euc
    - |
      [ -n "$URL" ] || { echo "prometheus is not installed"; exit 0; }
      echo "Testing Prometheus connection..."
      # Any answer will do: that the server is there is what is asked.
      answer=$(wget -S -T 10 -O /dev/null "$URL" 2>&1 || true)
      case "$answer" in *HTTP/*) ;; *) echo "$answer"; exit 1 ;; esac
      echo "Prometheus connection successful!"
  env:
    - name: URL
      value: {{ include "ape-2026.prometheus.url" (dict "context" .) | quote }}
{{- end }}

{{/* Values that cannot work with prometheus. Gives nothing. */}}
{{- define "ape-2026.prometheus.validate" -}}
{{- $taken := printf "%s-prometheus" .Release.Name }}
{{- if contains "prometheus" .Release.Name }}{{ $taken = .Release.Name }}{{ end }}
{{- if eq $taken (include "ape-2026.fullname" .) }}
{{- fail (printf "prometheus would be called %s like the chart's own objects: choose a release name, or fullnameOverride, without %q" $taken "prometheus") }}
{{- end }}
{{- if and (contains "prometheus" .Release.Name) (contains "redis" .Release.Name) }}
{{- fail (printf "the release name %s contains the names of two dependencies, so both would be called the same: choose another release name" .Release.Name) }}
{{- end }}
{{- if dig "nameOverride" "" .Values.prometheus }}
{{- fail "prometheus.nameOverride: the network policies find the pods of prometheus by its name; use fullnameOverride" }}
{{- end }}
{{- if gt (len (include "ape-2026.prometheus.host" .)) 63 }}
{{- fail (printf "the release name %s is too long: the objects of prometheus may have 63 characters" .Release.Name) }}
{{- end }}
{{- end }}

{{/* Labels of the pods of grafana. */}}
{{- define "ape-2026.grafana.podLabels" -}}
app.kubernetes.io/name: grafana
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* Egress to grafana. */}}
{{- define "ape-2026.grafana.egress" -}}
{{- if .Values.grafana.enabled -}}
- to:
    - podSelector:
        matchLabels:
          {{- include "ape-2026.grafana.podLabels" . | nindent 10 }}
  ports:
    - port: 3000
      protocol: TCP
{{- else -}}
- ports:
    - port: {{ include "ape-2026.grafana.port" . }}
      protocol: TCP
{{- end }}
{{- end }}

{{/* The container that tests the connection to grafana. */}}
{{- define "ape-2026.grafana.test" -}}
- name: grafana
  image: {{ include "ape-2026.image" (dict "context" . "image" .Values.clients.http.image) }}
  imagePullPolicy: {{ .Values.clients.http.image.pullPolicy }}
  command:
    - /bin/sh
    - -euc
    - |
      [ -n "$URL" ] || { echo "grafana is not installed"; exit 0; }
      echo "Testing Grafana connection..."
      # Any answer will do: that the server is there is what is asked.
      answer=$(wget -S -T 10 -O /dev/null "$URL" 2>&1 || true)
      case "$answer" in *HTTP/*) ;; *) echo "$answer"; exit 1 ;; esac
      echo "Grafana connection successful!"
  env:
    - name: URL
      value: {{ include "ape-2026.grafana.url" (dict "context" .) | quote }}
{{- end }}

{{/* Values that cannot work with grafana. Gives nothing. */}}
{{- define "ape-2026.grafana.validate" -}}
{{- $taken := printf "%s-grafana" .Release.Name }}
{{- if contains "grafana" .Release.Name }}{{ $taken = .Release.Name }}{{ end }}
{{- if eq $taken (include "ape-2026.fullname" .) }}
{{- fail (printf "grafana would be called %s like the chart's own objects: choose a release name, or fullnameOverride, without %q" $taken "grafana") }}
{{- end }}
{{- if and (contains "grafana" .Release.Name) (contains "postgresql" .Release.Name) }}
{{- fail (printf "the release name %s contains the names of two dependencies, so both would be called the same: choose another release name" .Release.Name) }}
{{- end }}
{{- if and (contains "grafana" .Release.Name) (contains "redis" .Release.Name) }}
{{- fail (printf "the release name %s contains the names of two dependencies, so both would be called the same: choose another release name" .Release.Name) }}
{{- end }}
{{- if and (contains "grafana" .Release.Name) (contains "neo4j" .Release.Name) }}
{{- fail (printf "the release name %s contains the names of two dependencies, so both would be called the same: choose another release name" .Release.Name) }}
{{- end }}
{{- if and (contains "grafana" .Release.Name) (contains "prometheus" .Release.Name) }}
{{- fail (printf "the release name %s contains the names of two dependencies, so both would be called the same: choose another release name" .Release.Name) }}
{{- end }}
{{- if dig "nameOverride" "" .Values.grafana }}
{{- fail "grafana.nameOverride: the network policies find the pods of grafana by its name; use fullnameOverride" }}
{{- end }}
{{- if gt (len (include "ape-2026.grafana.host" .)) 63 }}
{{- fail (printf "the release name %s is too long: the objects of grafana may have 63 characters" .Release.Name) }}
{{- end }}
{{- end }}
