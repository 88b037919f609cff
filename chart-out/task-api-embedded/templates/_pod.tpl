{{/* Parts of the pods of agent. */}}

{{/* Containers that run before agent or beside it. */}}
{{- define "task-api.agent.initContainers" -}}
{{- $servers := list }}
{{- with include "task-api.redis.host" . }}
{{- $servers = append $servers (printf "%s:%s" . (include "task-api.redis.port" $)) }}
{{- end }}
{{- if not (has (include "task-api.migration.strategy" .) (list "job" "init-container")) }}
{{- with include "task-api.postgresql.host" . }}
{{- $servers = append $servers (printf "%s:%s" . (include "task-api.postgresql.port" $)) }}
{{- end }}
{{- end }}
{{- if and .Values.clients.wait $servers }}
- name: wait-for-servers
  image: {{ include "task-api.image" (dict "context" . "image" .Values.clients.http.image) }}
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
    {{- include "task-api.clientResources" . | nindent 4 }}
  securityContext:
    {{- include "task-api.containerSecurityContext" .Values.agent.podSecurity | nindent 4 }}
{{- end }}
{{- if has (include "task-api.migration.strategy" .) (list "job" "init-container") }}
- name: wait-for-migrations
  image: {{ include "task-api.image" (dict "context" . "image" .Values.clients.postgresql.image) }}
  imagePullPolicy: {{ .Values.clients.postgresql.image.pullPolicy }}
  command:
    - /bin/sh
    - -euc
    - |
      end=$(($(date +%s) + WAIT_SECONDS))
      finished() {
        answer=$(echo "select 'finished' from task_api_chart.migrations where mark = :'mark'" |
          psql "$MIGRATED_DATABASE_URL" --quiet --no-psqlrc --tuples-only --no-align --set mark="$MARK" 2>&1)
        [ "$answer" = finished ]
      }
      until finished; do
        echo "waiting for the migrations ${answer:+($answer)}"
        [ "$(date +%s)" -lt "$end" ] || { echo "the migrations did not finish in time: see {{ ternary "the Job $MARK" "the container migrate of " (eq (include "task-api.migration.strategy" .) "job") }}"; exit 1; }
        sleep 5
      done
  env:
    - name: MIGRATED_DATABASE_URL
      valueFrom:
        secretKeyRef:
          {{- include "task-api.postgresql.urlSource" . | nindent 10 }}
    - name: MARK
      value: {{ include "task-api.migration.mark" . | quote }}
    - name: PGCONNECT_TIMEOUT
      value: "5"
    - name: WAIT_SECONDS
      value: {{ add (int .Values.migration.databaseTimeout) (int .Values.migration.timeout) | quote }}
  resources:
    {{- include "task-api.clientResources" . | nindent 4 }}
  securityContext:
    {{- include "task-api.containerSecurityContext" .Values.agent.podSecurity | nindent 4 }}
{{- end }}
{{- end }}

{{/* Variables of agent besides those of ConfigMaps. */}}
{{- define "task-api.agent.variables" -}}
{{- include "task-api.postgresql.urlVariable" (dict "context" . "name" "DATABASE_URL") | nindent 0 }}
{{- include "task-api.redis.urlVariable" (dict "context" . "name" "REDIS_URL") | nindent 0 }}
{{- with .Values.agent.extraEnv }}
{{- toYaml . | nindent 0 }}
{{- end }}
{{- end }}

{{/* Files of agent. */}}
{{- define "task-api.agent.fileMounts" -}}
{{- end }}

{{/* What agent mounts. */}}
{{- define "task-api.agent.mounts" -}}
{{- range $index, $path := .Values.agent.writableDirectories }}
- name: writable-{{ $index }}
  mountPath: {{ $path }}
{{- end }}
{{- with include "task-api.agent.fileMounts" . | trim }}
{{ . }}
{{- end }}
{{- with .Values.agent.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Volumes of agent. */}}
{{- define "task-api.agent.volumes" -}}
{{- range $index, $path := .Values.agent.writableDirectories }}
- name: writable-{{ $index }}
  emptyDir: {}
{{- end }}
{{- with .Values.agent.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Path that tests of agent ask: that of a probe of the port that they ask; empty for none. */}}
{{- define "task-api.agent.testPath" -}}
{{- $path := "" }}
{{- range compact (list .Values.agent.readinessProbe .Values.agent.livenessProbe) }}
{{- if and (not $path) (has (toString (.httpGet).port) (list "http" (toString (int $.Values.agent.containerPort)))) }}
{{- $path = (.httpGet).path | default "" }}
{{- end }}
{{- end }}
{{- $path }}
{{- end }}
