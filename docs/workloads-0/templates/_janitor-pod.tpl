{{/* Parts of the pods of janitor. */}}

{{/* Containers that run before janitor or beside it. */}}
{{- define "orders.janitor.initContainers" -}}
{{- end }}

{{/* What janitor mounts. */}}
{{- define "orders.janitor.mounts" -}}
{{- range $index, $path := .Values.janitor.writableDirectories }}
- name: writable-{{ $index }}
  mountPath: {{ $path }}
{{- end }}
{{- with .Values.janitor.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Volumes of janitor. */}}
{{- define "orders.janitor.volumes" -}}
{{- range $index, $path := .Values.janitor.writableDirectories }}
- name: writable-{{ $index }}
  emptyDir: {}
{{- end }}
{{- with .Values.janitor.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Pods of janitor: what they run is part of the Job's name. */}}
{{- define "orders.janitor.pod" -}}
metadata:
  labels:
    {{- include "orders.podLabels" (dict "context" . "component" "janitor" "own" .Values.janitor.podLabels) | nindent 4 }}
  {{- $annotations := dict "kubectl.kubernetes.io/default-container" "janitor" "checksum/config" (include "orders.janitor.settings" . | sha256sum) }}
  annotations:
    {{- toYaml (merge $annotations .Values.janitor.podAnnotations) | nindent 4 }}
spec:
  {{- with include "orders.imagePullSecrets" . }}
  {{- . | nindent 2 }}
  {{- end }}
  serviceAccountName: {{ include "orders.janitor.serviceAccountName" . | quote }}
  automountServiceAccountToken: true
  enableServiceLinks: false
  restartPolicy: Never
  terminationGracePeriodSeconds: {{ int .Values.janitor.terminationGracePeriodSeconds }}
  securityContext:
    {{- include "orders.podSecurityContext" .Values.janitor.podSecurity | nindent 4 }}
  {{- $init := include "orders.janitor.initContainers" . | trim }}
  {{- with $init }}
  initContainers:
    {{- . | nindent 4 }}
  {{- end }}
  containers:
    - name: janitor
      image: {{ include "orders.image" (dict "context" . "image" .Values.janitor.image) }}
      imagePullPolicy: {{ .Values.janitor.image.pullPolicy }}
      envFrom:
        - configMapRef:
            name: {{ include "orders.janitor.config" . | quote }}
        {{- range .Values.janitor.envFromSecrets }}
        - secretRef:
            name: {{ .secretName | quote }}
        {{- end }}
        {{- range .Values.janitor.envFromConfigMaps }}
        - configMapRef:
            name: {{ .configMapName | quote }}
        {{- end }}
        {{- with .Values.janitor.extraEnvFrom }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with .Values.janitor.extraEnv }}
      env:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      resources:
        {{- toYaml .Values.janitor.resources | nindent 8 }}
      securityContext:
        {{- include "orders.containerSecurityContext" .Values.janitor.podSecurity | nindent 8 }}
      {{- $mounts := include "orders.janitor.mounts" . | trim }}
      {{- with $mounts }}
      volumeMounts:
        {{- . | nindent 8 }}
      {{- end }}
  {{- $volumes := include "orders.janitor.volumes" . | trim }}
  {{- with $volumes }}
  volumes:
    {{- . | nindent 4 }}
  {{- end }}
  {{- with include "orders.scheduling" .Values.janitor }}
  {{- . | nindent 2 }}
  {{- end }}
{{- end }}
