{{/* Parts of the pods of ledger. */}}

{{/* Containers that run before ledger or beside it. */}}
{{- define "orders.ledger.initContainers" -}}
{{- end }}

{{/* What ledger mounts. */}}
{{- define "orders.ledger.mounts" -}}
{{- range $index, $path := .Values.ledger.writableDirectories }}
- name: writable-{{ $index }}
  mountPath: {{ $path }}
{{- end }}
- name: volume-data
  mountPath: /data
{{- with .Values.ledger.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Volumes of ledger. */}}
{{- define "orders.ledger.volumes" -}}
{{- range $index, $path := .Values.ledger.writableDirectories }}
- name: writable-{{ $index }}
  emptyDir: {}
{{- end }}
{{- with .Values.ledger.volumes.data.existingClaim }}
- name: volume-data
  persistentVolumeClaim:
    claimName: {{ . | quote }}
{{- end }}
{{- with .Values.ledger.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
