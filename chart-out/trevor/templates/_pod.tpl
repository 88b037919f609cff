{{/* Parts of the pods of trevor. */}}

{{/* Containers that run before trevor or beside it. */}}
{{- define "trevor.trevor.initContainers" -}}
{{- if eq (include "trevor.migration.strategy" .) "init-container" }}
{{ include "trevor.migration.wait" . }}
{{ include "trevor.migration.run" . }}
{{ include "trevor.migration.record" . | replace "@MARK@" (include "trevor.migration.mark" .) }}
{{- end }}
{{- if has (include "trevor.migration.strategy" .) (list "job") }}
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
    {{- include "trevor.containerSecurityContext" .Values.podSecurity | nindent 4 }}
{{- end }}
{{- end }}

{{/* Variables that name others: Kubernetes expands $(NAME) in a container only. */}}
{{- define "trevor.trevor.composed" -}}
{{- end }}

{{/* Variables of trevor besides those of ConfigMaps. */}}
{{- define "trevor.trevor.variables" -}}
{{- include "trevor.postgresql.urlVariable" (dict "context" . "name" "DATABASE_URL") | nindent 0 }}
{{- include "trevor.redis.urlVariable" (dict "context" . "name" "REDIS_URL") | nindent 0 }}
{{- include "trevor.trevor.composed" . }}
{{- with .Values.extraEnv }}
{{- toYaml . | nindent 0 }}
{{- end }}
{{- end }}

{{/* Files of trevor. */}}
{{- define "trevor.trevor.fileMounts" -}}
{{- end }}

{{/* What trevor mounts. */}}
{{- define "trevor.trevor.mounts" -}}
{{- range $index, $path := .Values.writableDirectories }}
- name: writable-{{ $index }}
  mountPath: {{ $path }}
{{- end }}
{{- with include "trevor.trevor.fileMounts" . | trim }}
{{ . }}
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Volumes of trevor. */}}
{{- define "trevor.trevor.volumes" -}}
{{- range $index, $path := .Values.writableDirectories }}
- name: writable-{{ $index }}
  emptyDir: {}
{{- end }}
{{- if eq (include "trevor.migration.strategy" .) "init-container" }}
{{ include "trevor.migration.volumes" . | trim }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
