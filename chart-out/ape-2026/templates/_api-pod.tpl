{{/* Parts of the pods of api. */}}

{{/* Containers that run before api or beside it. */}}
{{- define "ape-2026.api.initContainers" -}}
{{- $servers := list }}
{{- with include "ape-2026.redis.host" . }}
{{- $servers = append $servers (printf "%s:%s" . (include "ape-2026.redis.port" $)) }}
{{- end }}
{{- with include "ape-2026.neo4j.host" . }}
{{- $servers = append $servers (printf "%s:%s" . (include "ape-2026.neo4j.port" $)) }}
{{- end }}
{{- if not (has (include "ape-2026.migration.strategy" .) (list "job" "init-container")) }}
{{- with include "ape-2026.postgresql.host" . }}
{{- $servers = append $servers (printf "%s:%s" . (include "ape-2026.postgresql.port" $)) }}
{{- end }}
{{- end }}
{{- if and .Values.clients.wait $servers }}
- name: wait-for-servers
  image: {{ include "ape-2026.image" (dict "context" . "image" .Values.clients.http.image) }}
  imagePullPolicy: {{ .Values.clients.http.image.pullPolicy }}
  command:
    - /bin/sh
    - -euc
    - |
      end=$(($(date +%s) + WAIT_SECONDS))
      for server in $SERVERS; do
        until nc -z -w 3 "${server%:*}" "${server##*:}"; do
          [ "$(date +%s)" -lt "$end" ] || { echo "$server did not answer in time"; exit 1; }
          echo "waiting for $server"
          sleep 3
        done
      done
  env:
    - name: SERVERS
      value: {{ join " " $servers | quote }}
    - name: WAIT_SECONDS
      value: "300"
  resources:
    {{- include "ape-2026.clientResources" . | nindent 4 }}
  securityContext:
    {{- include "ape-2026.containerSecurityContext" .Values.api.podSecurity | nindent 4 }}
{{- end }}
{{- if has (include "ape-2026.migration.strategy" .) (list "job" "init-container") }}
- name: wait-for-migrations
  image: {{ include "ape-2026.image" (dict "context" . "image" .Values.clients.postgresql.image) }}
  imagePullPolicy: {{ .Values.clients.postgresql.image.pullPolicy }}
  command:
    - /bin/sh
    - -euc
    - |
      end=$(($(date +%s) + WAIT_SECONDS))
      finished() {
        answer=$(echo "select 'finished' from ape_2026_chart.migrations where mark = :'mark'" |
          psql "$MIGRATED_DATABASE_URL" --quiet --no-psqlrc --tuples-only --no-align --set mark="$MARK" 2>&1)
        [ "$answer" = finished ]
      }
      until finished; do
        echo "waiting for the migrations ${answer:+($answer)}"
        [ "$(date +%s)" -lt "$end" ] || { echo "the migrations did not finish in time: see {{ ternary "the Job $MARK" "the container migrate of " (eq (include "ape-2026.migration.strategy" .) "job") }}"; exit 1; }
        sleep 5
      done
  env:
    - name: MIGRATED_DATABASE_URL
      valueFrom:
        secretKeyRef:
          {{- include "ape-2026.postgresql.urlSource" . | nindent 10 }}
    - name: MARK
      value: {{ include "ape-2026.migration.mark" . | quote }}
    - name: PGCONNECT_TIMEOUT
      value: "5"
    - name: WAIT_SECONDS
      value: {{ add (int .Values.migration.databaseTimeout) (int .Values.migration.timeout) | quote }}
  resources:
    {{- include "ape-2026.clientResources" . | nindent 4 }}
  securityContext:
    {{- include "ape-2026.containerSecurityContext" .Values.api.podSecurity | nindent 4 }}
{{- end }}
{{- end }}

{{/* Variables of api besides those of ConfigMaps. */}}
{{- define "ape-2026.api.variables" -}}
{{- include "ape-2026.redis.urlVariable" (dict "context" . "name" "REDIS_URL") | nindent 0 }}
{{- include "ape-2026.neo4j.urlVariable" (dict "context" . "name" "NEO4J_URI") | nindent 0 }}
- name: CLAUDE_API_KEY
  valueFrom:
    secretKeyRef:
      name: {{ include "ape-2026.secret.claude-api-key.name" . | quote }}
      key: {{ include "ape-2026.secret.claude-api-key.key" . | quote }}
- name: POSTGRES_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "ape-2026.secretName" . | quote }}
      key: ape-password
- name: NEO4J_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "ape-2026.secretName" . | quote }}
      key: neo4j-password
- name: POSTGRES_HOST
  value: {{ include "ape-2026.postgresql.host" . | quote }}
{{- with .Values.api.extraEnv }}
{{- toYaml . | nindent 0 }}
{{- end }}
{{- end }}

{{/* Files of api. */}}
{{- define "ape-2026.api.fileMounts" -}}
{{- end }}

{{/* What api mounts. */}}
{{- define "ape-2026.api.mounts" -}}
{{- range $index, $path := .Values.api.writableDirectories }}
- name: writable-{{ $index }}
  mountPath: {{ $path }}
{{- end }}
- name: data
  mountPath: /app/data
- name: logs
  mountPath: /app/logs
- name: vee
  mountPath: /app/vee
{{- with include "ape-2026.api.fileMounts" . | trim }}
{{ . }}
{{- end }}
{{- with .Values.api.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Volumes of api. */}}
{{- define "ape-2026.api.volumes" -}}
{{- range $index, $path := .Values.api.writableDirectories }}
- name: writable-{{ $index }}
  emptyDir: {}
{{- end }}
- name: data
  persistentVolumeClaim:
    claimName: {{ default (include "ape-2026.suffixed" (dict "context" . "suffix" "api-data")) .Values.api.volumes.data.existingClaim | quote }}
- name: logs
  {{- with .Values.api.volumes.logs.sizeLimit }}
  emptyDir:
    sizeLimit: {{ . }}
  {{- else }}
  emptyDir: {}
  {{- end }}
- name: vee
  {{- with .Values.api.volumes.vee.sizeLimit }}
  emptyDir:
    sizeLimit: {{ . }}
  {{- else }}
  emptyDir: {}
  {{- end }}
{{- with .Values.api.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Path that tests of api ask: that of a probe of the port that they ask; empty for none. */}}
{{- define "ape-2026.api.testPath" -}}
{{- $path := "" }}
{{- range compact (list .Values.api.readinessProbe .Values.api.livenessProbe) }}
{{- if and (not $path) (has (toString (.httpGet).port) (list "http" (toString (int $.Values.api.containerPort)))) }}
{{- $path = (.httpGet).path | default "" }}
{{- end }}
{{- end }}
{{- $path }}
{{- end }}
