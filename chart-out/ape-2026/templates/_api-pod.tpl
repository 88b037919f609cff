{{/* Parts of the pods of api. */}}

{{/* Containers that run before api or beside it. */}}
{{- define "ape-2026.api.initContainers" -}}
{{- $servers := list }}
{{- with include "ape-2026.postgresql.host" . }}
{{- $servers = append $servers (printf "%s:%s" . (include "ape-2026.postgresql.port" $)) }}
{{- end }}
{{- with include "ape-2026.redis.host" . }}
{{- $servers = append $servers (printf "%s:%s" . (include "ape-2026.redis.port" $)) }}
{{- end }}
{{- with include "ape-2026.neo4j.host" . }}
{{- $servers = append $servers (printf "%s:%s" . (include "ape-2026.neo4j.port" $)) }}
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
