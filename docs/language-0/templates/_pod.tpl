{{/* Parts of the pods of api. */}}

{{/* Containers that run before api or beside it. */}}
{{- define "shop.api.initContainers" -}}
{{- $servers := list }}
{{- with include "shop.postgresql.host" . }}
{{- $servers = append $servers (printf "%s:%s" . (include "shop.postgresql.port" $)) }}
{{- end }}
{{- if and .Values.clients.wait $servers }}
- name: wait-for-servers
  image: {{ include "shop.image" (dict "context" . "image" .Values.clients.http.image) }}
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
    {{- include "shop.clientResources" . | nindent 4 }}
  securityContext:
    {{- include "shop.containerSecurityContext" .Values.api.podSecurity | nindent 4 }}
{{- end }}
{{- end }}

{{/* What api mounts. */}}
{{- define "shop.api.mounts" -}}
{{- range $index, $path := .Values.api.writableDirectories }}
- name: writable-{{ $index }}
  mountPath: {{ $path }}
{{- end }}
{{- with .Values.api.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Volumes of api. */}}
{{- define "shop.api.volumes" -}}
{{- range $index, $path := .Values.api.writableDirectories }}
- name: writable-{{ $index }}
  emptyDir: {}
{{- end }}
{{- with .Values.api.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
