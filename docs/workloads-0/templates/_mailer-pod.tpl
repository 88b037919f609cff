{{/* Parts of the pods of mailer. */}}

{{/* Containers that run before mailer or beside it. */}}
{{- define "orders.mailer.initContainers" -}}
{{- $servers := list }}
{{- with include "orders.database.host" . }}
{{- $servers = append $servers (printf "%s:%s" . (include "orders.database.port" $)) }}
{{- end }}
{{- if and .Values.clients.wait $servers }}
- name: wait-for-servers
  image: {{ include "orders.image" (dict "context" . "image" .Values.clients.http.image) }}
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
    {{- include "orders.clientResources" . | nindent 4 }}
  securityContext:
    {{- include "orders.containerSecurityContext" .Values.mailer.podSecurity | nindent 4 }}
{{- end }}
{{- end }}

{{/* What mailer mounts. */}}
{{- define "orders.mailer.mounts" -}}
{{- range $index, $path := .Values.mailer.writableDirectories }}
- name: writable-{{ $index }}
  mountPath: {{ $path }}
{{- end }}
{{- with .Values.mailer.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Volumes of mailer. */}}
{{- define "orders.mailer.volumes" -}}
{{- range $index, $path := .Values.mailer.writableDirectories }}
- name: writable-{{ $index }}
  emptyDir: {}
{{- end }}
{{- with .Values.mailer.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
