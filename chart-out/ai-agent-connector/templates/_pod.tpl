{{/* Parts of the pods of connector. */}}

{{/* Containers that run before connector or beside it. */}}
{{- define "ai-agent-connector.connector.initContainers" -}}
- name: cache-directories
  image: {{ include "ai-agent-connector.image" (dict "context" . "image" .Values.initContainers.cacheDirectories.image) }}
  imagePullPolicy: {{ .Values.initContainers.cacheDirectories.image.pullPolicy }}
  {{- with .Values.initContainers.cacheDirectories.command }}
  command:
    {{- toYaml . | nindent 4 }}
  {{- end }}
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

{{/* Variables of connector besides those of ConfigMaps. */}}
{{- define "ai-agent-connector.connector.variables" -}}
- name: SECRET_KEY
  valueFrom:
    secretKeyRef:
      name: {{ include "ai-agent-connector.secretName" . | quote }}
      key: secret-key
- name: ENCRYPTION_KEY
  valueFrom:
    secretKeyRef:
      name: {{ include "ai-agent-connector.secretName" . | quote }}
      key: encryption-key
- name: OPENAI_API_KEY
  valueFrom:
    secretKeyRef:
      name: {{ include "ai-agent-connector.secret.openai-api-key.name" . | quote }}
      key: {{ include "ai-agent-connector.secret.openai-api-key.key" . | quote }}
{{- with .Values.extraEnv }}
{{- toYaml . | nindent 0 }}
{{- end }}
{{- end }}

{{/* Variables of the container cache-directories. */}}
{{- define "ai-agent-connector.connector.cache-directories.env" -}}
{{- include "ai-agent-connector.plainVariables" (list .Values.initContainers.cacheDirectories.env) }}
{{- end }}

{{/* Files of connector. */}}
{{- define "ai-agent-connector.connector.fileMounts" -}}
{{- range $path, $text := .Values.files }}
- name: files
  mountPath: {{ $path | quote }}
  subPath: {{ $path | trimPrefix "/" | replace "/" "." | quote }}
  readOnly: true
{{- end }}
{{- end }}

{{/* What connector mounts. */}}
{{- define "ai-agent-connector.connector.mounts" -}}
{{- range $index, $path := .Values.writableDirectories }}
- name: writable-{{ $index }}
  mountPath: {{ $path }}
{{- end }}
- name: cache
  mountPath: /var/cache/connector
{{- with include "ai-agent-connector.connector.fileMounts" . | trim }}
{{ . }}
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
{{- if or .Values.files }}
- name: files
  configMap:
    name: {{ include "ai-agent-connector.connector.files" . | quote }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Path that tests of connector ask: that of a probe of the port that they ask; empty for none. */}}
{{- define "ai-agent-connector.connector.testPath" -}}
{{- $path := "" }}
{{- range compact (list .Values.readinessProbe) }}
{{- if and (not $path) (has (toString (.httpGet).port) (list "http" (toString (int $.Values.containerPort)))) }}
{{- $path = (.httpGet).path | default "" }}
{{- end }}
{{- end }}
{{- $path }}
{{- end }}
