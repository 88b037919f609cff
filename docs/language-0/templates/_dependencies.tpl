{{/* How the chart finds its dependencies and connects to them. */}}

{{/* Host of postgresql, asked from its own chart; empty when it is switched off. */}}
{{- define "shop.postgresql.host" -}}
{{- with .Subcharts.postgresql }}{{ include "embedded-postgresql.fullname" . }}{{ end }}
{{- end }}

{{/* Port of postgresql. */}}
{{- define "shop.postgresql.port" -}}
5432
{{- end }}

{{/* Host and port of postgresql. */}}
{{- define "shop.postgresql.address" -}}
{{- include "shop.postgresql.host" . }}:{{ include "shop.postgresql.port" . }}
{{- end }}

{{/* User of postgresql. */}}
{{- define "shop.postgresql.user" -}}
{{- .Values.postgresql.auth.username }}
{{- end }}

{{/* Database of postgresql. */}}
{{- define "shop.postgresql.database" -}}
{{- .Values.postgresql.auth.database }}
{{- end }}

{{/* URL of postgresql; empty when it is switched off. Takes (dict "context" $ "password" "…"). */}}
{{- define "shop.postgresql.url" -}}
{{- with include "shop.postgresql.host" .context }}
{{- $host := . }}
{{- $user := include "shop.postgresql.user" $.context | urlquery | replace "+" "%20" }}
{{- $password := $.password | urlquery | replace "+" "%20" }}
{{- $port := include "shop.postgresql.port" $.context }}
{{- $database := include "shop.postgresql.database" $.context }}
{{- printf "postgresql://%s:%s@%s:%s/%s" $user $password $host $port $database }}
{{- end }}
{{- end }}

{{/* Where the URL of postgresql stands: Secret and key. */}}
{{- define "shop.postgresql.urlSource" -}}
name: {{ include "shop.secretName" . | quote }}
key: database-url
{{- end }}

{{/* The URL of postgresql as a variable. Takes (dict "context" $ "name" "…"). */}}
{{- define "shop.postgresql.urlVariable" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      {{- include "shop.postgresql.urlSource" .context | nindent 6 }}
{{- end }}

{{/* What the Secret holds for postgresql besides passwords.
     Takes (dict "context" $ "values" (dict "key" "password" …)). */}}
{{- define "shop.postgresql.secretData" -}}
{{- if include "shop.postgresql.host" .context }}
database-url: {{ include "shop.postgresql.url" (dict "context" .context "password" (index .values "postgresql-password")) | b64enc }}
{{- end }}
{{- end }}

{{/* Where the connections lead, without passwords: pods restart when it changes. */}}
{{- define "shop.connections" -}}
{{ include "shop.secretName" . }}
{{- if include "shop.postgresql.host" . }}
{{ include "shop.postgresql.url" (dict "context" . "password" "") }}
{{- end }}
{{- end }}

{{/* Labels of the pods of postgresql. */}}
{{- define "shop.postgresql.podLabels" -}}
app.kubernetes.io/name: postgresql
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* Egress to postgresql. */}}
{{- define "shop.postgresql.egress" -}}
{{- if .Values.postgresql.enabled -}}
- to:
    - podSelector:
        matchLabels:
          {{- include "shop.postgresql.podLabels" . | nindent 10 }}
  ports:
    - port: 5432
      protocol: TCP
{{- else -}}
- ports:
    - port: 5432
      protocol: TCP
{{- end }}
{{- end }}

{{/* The container that tests the connection to postgresql. */}}
{{- define "shop.postgresql.test" -}}
- name: postgresql
  image: {{ include "shop.image" (dict "context" . "image" .Values.clients.postgresql.image) }}
  imagePullPolicy: {{ .Values.clients.postgresql.image.pullPolicy }}
  command:
    - /bin/sh
    - -euc
    - |
      echo "Testing PostgreSQL connection..."
      psql "$URL" --quiet --no-psqlrc --set ON_ERROR_STOP=1 --command 'select 1' > /dev/null
      echo "PostgreSQL connection successful!"
  env:
    {{- include "shop.postgresql.urlVariable" (dict "context" . "name" "URL") | nindent 4 }}
    - name: PGCONNECT_TIMEOUT
      value: "10"
{{- end }}

{{/* Values that cannot work with postgresql. Gives nothing. */}}
{{- define "shop.postgresql.validate" -}}
{{- if and (not .Values.postgresql.enabled) (not (or ((.Values.global).shop).existingSecret)) }}
{{- fail "postgresql.enabled is false: name a Secret in global.shop.existingSecret whose key database-url leads to another server" }}
{{- end }}
{{- $taken := printf "%s-postgresql" .Release.Name }}
{{- if contains "postgresql" .Release.Name }}{{ $taken = .Release.Name }}{{ end }}
{{- if eq $taken (include "shop.fullname" .) }}
{{- fail (printf "postgresql would be called %s like the chart's own objects: choose a release name, or fullnameOverride, without %q" $taken "postgresql") }}
{{- end }}
{{- end }}
