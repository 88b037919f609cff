{{/* Parts of the pods of worker. */}}

{{/* Containers that run before worker or beside it. */}}
{{- define "trevor.worker.initContainers" -}}
{{- if has (include "trevor.migration.strategy" .) (list "job" "init-container") }}
- name: wait-for-migrations
  image: {{ include "trevor.image" (dict "context" . "image" .Values.clients.postgresql.image) }}
  imagePullPolicy: {{ .Values.clients.postgresql.image.pullPolicy }}
  command:
    - /bin/sh
    - -euc
    - |
      end=$(($(date +%s) + WAIT_SECONDS))
      finished() {
        answer=$(echo "select 'finished' from trevor_chart.migrations where mark = :'mark'" |
          psql "$MIGRATED_DATABASE_URL" --quiet --no-psqlrc --tuples-only --no-align --set mark="$MARK" 2>&1)
        [ "$answer" = finished ]
      }
      until finished; do
        echo "waiting for the migrations ${answer:+($answer)}"
        [ "$(date +%s)" -lt "$end" ] || { echo "the migrations did not finish in time: see {{ ternary "the Job $MARK" "the container migrate of trevor" (eq (include "trevor.migration.strategy" .) "job") }}"; exit 1; }
        sleep 5
      done
  env:
    - name: MIGRATED_DATABASE_URL
      valueFrom:
        secretKeyRef:
          {{- include "trevor.postgresql.urlSource" . | nindent 10 }}
    - name: MARK
      value: {{ include "trevor.migration.mark" . | quote }}
    - name: PGCONNECT_TIMEOUT
      value: "5"
    - name: WAIT_SECONDS
      value: {{ add (int .Values.migration.databaseTimeout) (int .Values.migration.timeout) | quote }}
  resources:
    {{- include "trevor.clientResources" . | nindent 4 }}
  securityContext:
    {{- include "trevor.containerSecurityContext" .Values.worker.podSecurity | nindent 4 }}
{{- end }}
{{- end }}

{{/* Variables of worker besides those of ConfigMaps. */}}
{{- define "trevor.worker.variables" -}}
{{- include "trevor.postgresql.urlVariable" (dict "context" . "name" "DATABASE_URL") | nindent 0 }}
{{- include "trevor.redis.urlVariable" (dict "context" . "name" "REDIS_URL") | nindent 0 }}
{{- with .Values.worker.extraEnv }}
{{- toYaml . | nindent 0 }}
{{- end }}
{{- end }}

{{/* Files of worker. */}}
{{- define "trevor.worker.fileMounts" -}}
{{- end }}

{{/* What worker mounts. */}}
{{- define "trevor.worker.mounts" -}}
{{- range $index, $path := .Values.worker.writableDirectories }}
- name: writable-{{ $index }}
  mountPath: {{ $path }}
{{- end }}
{{- with include "trevor.worker.fileMounts" . | trim }}
{{ . }}
{{- end }}
{{- with .Values.worker.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Volumes of worker. */}}
{{- define "trevor.worker.volumes" -}}
{{- range $index, $path := .Values.worker.writableDirectories }}
- name: writable-{{ $index }}
  emptyDir: {}
{{- end }}
{{- with .Values.worker.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
