{{/* Parts of the pods of trevor. */}}

{{/* Containers that run before trevor or beside it. */}}
{{- define "trevor.trevor.initContainers" -}}
{{- if eq (include "trevor.migration.strategy" .) "init-container" }}
{{ include "trevor.migration.wait" . }}
{{ include "trevor.migration.run" . }}
{{ include "trevor.migration.record" . | replace "@MARK@" (include "trevor.migration.mark" .) }}
{{- end }}
{{- end }}

{{/* Variables of trevor besides those of ConfigMaps. */}}
{{- define "trevor.trevor.variables" -}}
{{- include "trevor.postgresql.urlVariable" (dict "context" . "name" "DATABASE_URL") | nindent 0 }}
{{- include "trevor.redis.urlVariable" (dict "context" . "name" "REDIS_URL") | nindent 0 }}
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

{{/* Path that tests of trevor ask: that of a probe of the port that they ask; empty for none. */}}
{{- define "trevor.trevor.testPath" -}}
{{- $path := "" }}
{{- range compact (list .Values.readinessProbe .Values.livenessProbe) }}
{{- if and (not $path) (has (toString (.httpGet).port) (list "http" (toString (int $.Values.containerPort)))) }}
{{- $path = (.httpGet).path | default "" }}
{{- end }}
{{- end }}
{{- $path }}
{{- end }}
