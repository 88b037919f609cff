{{/* How the chart finds its dependencies and connects to them. */}}

{{/* Host of postgresql, which runs elsewhere. */}}
{{- define "trevor.postgresql.host" -}}
{{- .Values.postgresql.host }}
{{- end }}

{{/* Port of postgresql. */}}
{{- define "trevor.postgresql.port" -}}
{{- int .Values.postgresql.port }}
{{- end }}

{{/* Host and port of postgresql. */}}
{{- define "trevor.postgresql.address" -}}
{{- include "trevor.postgresql.host" . }}:{{ include "trevor.postgresql.port" . }}
{{- end }}

{{/* Where the URL of postgresql stands: Secret and key. */}}
{{- define "trevor.postgresql.urlSource" -}}
name: {{ include "trevor.secretName" . | quote }}
key: database-url
{{- end }}

{{/* The URL of postgresql as a variable. Takes (dict "context" $ "name" "…"). */}}
{{- define "trevor.postgresql.urlVariable" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      {{- include "trevor.postgresql.urlSource" .context | nindent 6 }}
{{- end }}

{{/* Host of redis, which runs elsewhere. */}}
{{- define "trevor.redis.host" -}}
{{- .Values.redis.host }}
{{- end }}

{{/* Port of redis. */}}
{{- define "trevor.redis.port" -}}
{{- int .Values.redis.port }}
{{- end }}

{{/* Host and port of redis. */}}
{{- define "trevor.redis.address" -}}
{{- include "trevor.redis.host" . }}:{{ include "trevor.redis.port" . }}
{{- end }}

{{/* Where the URL of redis stands: Secret and key. */}}
{{- define "trevor.redis.urlSource" -}}
name: {{ include "trevor.secretName" . | quote }}
key: redis-url
{{- end }}

{{/* The URL of redis as a variable. Takes (dict "context" $ "name" "…"). */}}
{{- define "trevor.redis.urlVariable" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      {{- include "trevor.redis.urlSource" .context | nindent 6 }}
{{- end }}

{{/* Where the connections lead, without passwords: pods restart when it changes. */}}
{{- define "trevor.connections" -}}
{{ include "trevor.secretName" . }}
{{ include "trevor.postgresql.host" . }}:{{ include "trevor.postgresql.port" . }}
{{ include "trevor.redis.host" . }}:{{ include "trevor.redis.port" . }}
{{- end }}

{{/* Egress to postgresql. */}}
{{- define "trevor.postgresql.egress" -}}
- ports:
    - port: {{ include "trevor.postgresql.port" . }}
      protocol: TCP
{{- end }}

{{/* The container that tests the connection to postgresql. */}}
{{- define "trevor.postgresql.test" -}}
- name: postgresql
  image: {{ include "trevor.image" (dict "context" . "image" .Values.clients.postgresql.image) }}
  imagePullPolicy: {{ .Values.clients.postgresql.image.pullPolicy }}
  command:
    - /bin/sh
    - -euc
    - |
      echo "Testing PostgreSQL connection..."
      psql "$URL" --quiet --no-psqlrc --set ON_ERROR_STOP=1 --command 'select 1' > /dev/null
      echo "PostgreSQL connection successful!"
  env:
    {{- include "trevor.postgresql.urlVariable" (dict "context" . "name" "URL") | nindent 4 }}
    - name: PGCONNECT_TIMEOUT
      value: "10"
{{- end }}

{{/* Egress to redis. */}}
{{- define "trevor.redis.egress" -}}
- ports:
    - port: {{ include "trevor.redis.port" . }}
      protocol: TCP
{{- end }}

{{/* The container that tests the connection to redis. */}}
{{- define "trevor.redis.test" -}}
- name: redis
  image: {{ include "trevor.image" (dict "context" . "image" .Values.clients.redis.image) }}
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
    {{- include "trevor.redis.urlVariable" (dict "context" . "name" "URL") | nindent 4 }}
{{- end }}
