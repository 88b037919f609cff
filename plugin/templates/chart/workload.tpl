{{/* Parts of the pods of [[w.name]]. */}}

{{/* Containers that run before [[w.name]] or beside it. */}}
{{- define "[[chart.name]].[[w.name]].initContainers" -}}
#% for c in w.sidecars
#@ container 0 SIDECAR=true
#% endfor
#% if w.awaits or w.awaits_unmigrated
#@ wait-for-servers 0
#% endif
#% if w.migrates
{{- if eq (include "[[chart.name]].migration.strategy" .) "init-container" }}
{{ include "[[chart.name]].migration.wait" . }}
{{ include "[[chart.name]].migration.run" . }}
{{ include "[[chart.name]].migration.record" . | replace "@MARK@" (include "[[chart.name]].migration.mark" .) }}
{{- end }}
#% endif
#% if w.waits and ("job" in migration.strategies or not w.migrates)
{{- if has (include "[[chart.name]].migration.strategy" .) (list "job"<% if not w.migrates %> "init-container"<% endif %>) }}
#@ wait-for-migrations 0
{{- end }}
#% endif
#% for c in w.init
#@ container 0 SIDECAR=false
#% endfor
{{- end }}

{{/* Variables of [[w.name]] besides those of ConfigMaps. */}}
{{- define "[[chart.name]].[[w.name]].variables" -}}
#@ variables 0 VARIABLES=w.variables
#% if w.composed
{{- /* Kubernetes expands $(NAME) in the variables of a container only. */}}
{{- include "[[chart.name]].plainVariables" (list<% if w.like %> (pick [[w.like_v]].env<% for name in w.composed %> "[[name]]"<% endfor %>)<% endif %> (pick [[w.v]].env<% for name in w.composed %> "[[name]]"<% endfor %>)) }}
#% endif
{{- with [[w.v]].extraEnv }}
{{- toYaml . | nindent 0 }}
{{- end }}
{{- end }}

#% for c in w.sidecars + w.init
{{/* Variables of the container [[c.name]]. */}}
{{- define "[[chart.name]].[[w.name]].[[c.name]].env" -}}
#@ variables 0 VARIABLES=c.variables
{{- include "[[chart.name]].plainVariables" (list<% if c.composed and w.like %> (pick [[w.like_v]].env<% for name in c.composed %> "[[name]]"<% endfor %>)<% endif %><% if c.composed %> (pick [[w.v]].env<% for name in c.composed %> "[[name]]"<% endfor %>)<% endif %><% for label in c.variables.labels %> (dict "[[label.variable]]" (index .Values.commonLabels "[[label.label]]" | default ""))<% endfor %> [[c.v]].env) }}
{{- end }}

#% endfor
{{/* Files of [[w.name]]. */}}
{{- define "[[chart.name]].[[w.name]].fileMounts" -}}
#% if w.like_files
{{- $own := list<% for file in w.secret_files %> "[[file.path]]"<% endfor %><% if w.files %> | concat (keys (default dict [[w.v]].files))<% endif %> }}
{{- range $path, $text := [[w.like_v]].files }}
{{- if not (has $path $own) }}
- name: shared-files
  mountPath: {{ $path | quote }}
  subPath: {{ $path | trimPrefix "/" | replace "/" "." | quote }}
  readOnly: true
{{- end }}
{{- end }}
#% endif
#% for file in w.like_secret_files
- name: [[file.volume]]
  mountPath: [[file.path]]
  subPath: file
  readOnly: true
#% endfor
#% if w.files
{{- range $path, $text := [[w.v]].files }}
- name: files
  mountPath: {{ $path | quote }}
  subPath: {{ $path | trimPrefix "/" | replace "/" "." | quote }}
  readOnly: true
{{- end }}
#% endif
#% for file in w.secret_files
- name: [[file.volume]]
  mountPath: [[file.path]]
  subPath: file
  readOnly: true
#% endfor
{{- end }}

{{/* What [[w.name]] mounts. */}}
{{- define "[[chart.name]].[[w.name]].mounts" -}}
{{- range $index, $path := [[w.v]].writableDirectories }}
- name: writable-{{ $index }}
  mountPath: {{ $path }}
{{- end }}
#% for volume in w.volumes
- name: [[volume.name]]
  mountPath: [[volume.mount]]
#% if volume.read_only
  readOnly: true
#% endif
#% endfor
{{- with include "[[chart.name]].[[w.name]].fileMounts" . | trim }}
{{ . }}
{{- end }}
{{- with [[w.v]].extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Volumes of [[w.name]]. */}}
{{- define "[[chart.name]].[[w.name]].volumes" -}}
{{- range $index, $path := [[w.v]].writableDirectories }}
- name: writable-{{ $index }}
  emptyDir: {}
{{- end }}
#% for c in w.sidecars
#% for one in c.writable
- name: [[one.volume]]
  emptyDir: {}
#% endfor
#% endfor
#% for c in w.init
#% for one in c.writable
- name: [[one.volume]]
  emptyDir: {}
#% endfor
#% endfor
#% if w.migrates
{{- if eq (include "[[chart.name]].migration.strategy" .) "init-container" }}
{{ include "[[chart.name]].migration.volumes" . | trim }}
{{- end }}
#% endif
#% for volume in w.volumes
#% if volume.kind == "ephemeral"
- name: [[volume.name]]
#% if volume.in_memory
  emptyDir:
    medium: Memory
    {{- with [[w.v]].volumes.[[volume.key]].sizeLimit }}
    sizeLimit: {{ . }}
    {{- end }}
#% else
  {{- with [[w.v]].volumes.[[volume.key]].sizeLimit }}
  emptyDir:
    sizeLimit: {{ . }}
  {{- else }}
  emptyDir: {}
  {{- end }}
#% endif
#% elif volume.kind == "secret"
- name: [[volume.name]]
  secret:
    secretName: {{ [[w.v]].volumes.[[volume.key]].secretName | quote }}
#% elif volume.kind == "config"
- name: [[volume.name]]
  configMap:
    name: {{ [[w.v]].volumes.[[volume.key]].configMapName | quote }}
#% elif w.kind == "stateful"
{{- with [[w.v]].volumes.[[volume.key]].existingClaim }}
- name: [[volume.name]]
  persistentVolumeClaim:
    claimName: {{ . | quote }}
{{- end }}
#% else
- name: [[volume.name]]
  persistentVolumeClaim:
    claimName: {{ default (include "[[chart.name]].suffixed" (dict "context" . "suffix" "[[w.name]]-[[volume.name]]")) [[w.v]].volumes.[[volume.key]].existingClaim | quote }}
#% endif
#% endfor
#% if w.has_files
{{- if or<% for texts in w.files_v %> [[texts]]<% endfor %> }}
- name: files
  configMap:
    name: {{ include "[[chart.name]].[[w.name]].files" . | quote }}
{{- end }}
#% endif
#% if w.like_files
{{- if [[w.like_v]].files }}
- name: shared-files
  configMap:
    name: {{ include "[[chart.name]].[[w.like]].files" . | quote }}
{{- end }}
#% endif
#% for c in w.sidecars + w.init
#% for file in c.secret_files
#@ secret-file 0
#% endfor
#% endfor
#% for file in w.like_secret_files
#@ secret-file 0
#% endfor
#% for file in w.secret_files
#@ secret-file 0
#% endfor
{{- with [[w.v]].extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
#% if w.kind == "job"

{{/* Pods of [[w.name]]: what they run is part of the Job's name. */}}
{{- define "[[chart.name]].[[w.name]].pod" -}}
#@ pod 0
{{- end }}
#% endif
#% if w.test_probes

{{/* Path that tests of [[w.name]] ask: that of a probe of the port that they ask; empty for none. */}}
{{- define "[[chart.name]].[[w.name]].testPath" -}}
#% for port in w.ports
#% if port.name == w.test_port
{{- $path := "" }}
{{- range compact (list<% for probe in w.test_probes %> [[w.v]].[[probe]]<% endfor %>) }}
{{- if and (not $path) (has (toString (.httpGet).port) (list "[[port.name]]" (toString (int $[[port.container_v]])))) }}
{{- $path = (.httpGet).path | default "" }}
{{- end }}
{{- end }}
{{- $path }}
#% endif
#% endfor
{{- end }}
#% endif
