{{/* Parts of the pods of connector. */}}

{{/* Containers that run before connector or beside it. */}}
{{- define "ai-agent-connector.connector.initContainers" -}}
- name: cache-directories
  image: {{ include "ai-agent-connector.image" (dict "context" . "image" .Values.initContainers.cacheDirectories.image) }}
  imagePullPolicy: {{ .Values.initContainers.cacheDirectories.image.pullPolicy }}
  command:
    {{- toYaml .Values.initContainers.cacheDirectories.command | nindent 4 }}
  {{- with include "ai-agent-connector.connector.cache-directories.env" . | trim }}
  env:
    {{- . | nindent 4 }}
  {{- end }}
  resources:
    {{- toYaml .Values.initContainers.cacheDirectories.resources | nindent 4 }}
  securityContext:
    {{- include "ai-agent-connector.containerSecurityContext" .Values.podSecurity | nindent 4 }}
  volumeMounts:
    - name: cache-directories-writable-0
      mountPath: /tmp
    - name: cache
      mountPath: /var/cache/connector
{{- end }}

{{/* Variables of the container cache-directories. */}}
{{- define "ai-agent-connector.connector.cache-directories.env" -}}
{{- include "ai-agent-connector.plainVariables" .Values.initContainers.cacheDirectories.env }}
{{- end }}

{{/* What connector mounts. */}}
{{- define "ai-agent-connector.connector.mounts" -}}
{{- range $index, $path := .Values.writableDirectories }}
- name: writable-{{ $index }}
  mountPath: {{ $path }}
{{- end }}
- name: cache
  mountPath: /var/cache/connector
{{- range $path, $text := .Values.files }}
- name: files
  mountPath: {{ $path | quote }}
  subPath: {{ $path | trimPrefix "/" | replace "/" "." | quote }}
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Volumes of connector. */}}
{{- define "ai-agent-connector.connector.volumes" -}}
{{- range $index, $path := .Values.writableDirectories }}
- name: writable-{{ $index }}
  emptyDir: {}
{{- end }}
- name: cache-directories-writable-0
  emptyDir: {}
- name: cache
  {{- with .Values.volumes.cache.sizeLimit }}
  emptyDir:
    sizeLimit: {{ . }}
  {{- else }}
  emptyDir: {}
  {{- end }}
- name: files
  configMap:
    name: {{ include "ai-agent-connector.connector.files" . | quote }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
