{{/* How the migrations run: their containers, their pod and their mark. */}}

{{/* Waits until the database answers. */}}
{{- define "task-api.migration.wait" -}}
- name: wait-for-database
  image: {{ include "task-api.image" (dict "context" . "image" .Values.clients.postgresql.image) }}
  imagePullPolicy: {{ .Values.clients.postgresql.image.pullPolicy }}
  command:
    - /bin/sh
    - -euc
    - |
      end=$(($(date +%s) + WAIT_SECONDS))
      until psql "$DATABASE_URL" --quiet --no-psqlrc --command 'select 1' > /dev/null; do
        [ "$(date +%s)" -lt "$end" ] || { echo "the database did not answer in time"; exit 1; }
        echo "waiting for the database"
        sleep 5
      done
  env:
    - name: DATABASE_URL
      valueFrom:
        secretKeyRef:
          {{- include "task-api.postgresql.urlSource" . | nindent 10 }}
    - name: PGCONNECT_TIMEOUT
      value: "5"
    - name: WAIT_SECONDS
      value: {{ int .Values.migration.databaseTimeout | quote }}
  resources:
    {{- include "task-api.clientResources" . | nindent 4 }}
  securityContext:
    {{- include "task-api.containerSecurityContext" .Values.migration.podSecurity | nindent 4 }}
{{- end }}

{{/* Migrates. */}}
{{- define "task-api.migration.run" -}}
- name: migrate
  image: {{ include "task-api.image" (dict "context" . "image" .Values.migration.image) }}
  imagePullPolicy: {{ .Values.migration.image.pullPolicy }}
  {{- with .Values.migration.command }}
  command:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- $secrets := .Values.migration.envFromSecrets }}
  {{- $configMaps := .Values.migration.envFromConfigMaps }}
  {{- if or $secrets $configMaps }}
  envFrom:
    {{- range $secrets }}
    - secretRef:
        name: {{ .secretName | quote }}
    {{- end }}
    {{- range $configMaps }}
    - configMapRef:
        name: {{ .configMapName | quote }}
    {{- end }}
  {{- end }}
  env:
    {{- include "task-api.postgresql.urlVariable" (dict "context" . "name" "DATABASE_URL") | nindent 4 }}
    {{- with include "task-api.migration.env" . | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with .Values.migration.extraEnv }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  resources:
    {{- toYaml .Values.migration.resources | nindent 4 }}
  securityContext:
    {{- include "task-api.containerSecurityContext" .Values.migration.podSecurity | nindent 4 }}
  {{- with .Values.migration.writableDirectories }}
  volumeMounts:
    {{- range $index, $path := . }}
    - name: migration-writable-{{ $index }}
      mountPath: {{ $path }}
    {{- end }}
  {{- end }}
{{- end }}

{{/* Volumes of the migrations. */}}
{{- define "task-api.migration.volumes" -}}
{{- range $index, $path := .Values.migration.writableDirectories }}
- name: migration-writable-{{ $index }}
  emptyDir: {}
{{- end }}
{{- end }}

{{/* Tells the waiting pods, in the database itself, that the migrations have finished. */}}
{{- define "task-api.migration.record" -}}
- name: record
  image: {{ include "task-api.image" (dict "context" . "image" .Values.clients.postgresql.image) }}
  imagePullPolicy: {{ .Values.clients.postgresql.image.pullPolicy }}
  command:
    - /bin/sh
    - -euc
    - |
      echo "
        set client_min_messages = warning;
        create schema if not exists task_api_chart;
        create table if not exists task_api_chart.migrations (
          mark text primary key,
          finished_at timestamptz not null default now()
        );
        insert into task_api_chart.migrations (mark) values (:'mark') on conflict do nothing;
      " | psql "$DATABASE_URL" --quiet --no-psqlrc --set ON_ERROR_STOP=1 --set mark="$MARK"
      echo "migrations finished: $MARK"
  env:
    - name: DATABASE_URL
      valueFrom:
        secretKeyRef:
          {{- include "task-api.postgresql.urlSource" . | nindent 10 }}
    - name: MARK
      value: "@MARK@"
  resources:
    {{- include "task-api.clientResources" . | nindent 4 }}
  securityContext:
    {{- include "task-api.containerSecurityContext" .Values.migration.podSecurity | nindent 4 }}
{{- end }}

{{/* Pods of the migration Job. */}}
{{- define "task-api.migration.pod" -}}
metadata:
  labels:
    {{- include "task-api.podLabels" (dict "context" . "component" "migrate") | nindent 4 }}
  annotations:
    kubectl.kubernetes.io/default-container: migrate
    migration/attempt: {{ .Values.migration.attempt | quote }}
spec:
  {{- with include "task-api.imagePullSecrets" . }}
  {{- . | nindent 2 }}
  {{- end }}
  serviceAccountName: {{ include "task-api.serviceAccountName" . | quote }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  restartPolicy: Never
  {{- with include "task-api.scheduling" .Values.migration }}
  {{- . | nindent 2 }}
  {{- end }}
  securityContext:
    {{- include "task-api.podSecurityContext" .Values.migration.podSecurity | nindent 4 }}
  initContainers:
    {{- include "task-api.migration.wait" . | nindent 4 }}
    {{- include "task-api.migration.run" . | nindent 4 }}
  containers:
    {{- include "task-api.migration.record" . | nindent 4 }}
  {{- with include "task-api.migration.volumes" . | trim }}
  volumes:
    {{- . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* What pods wait for: a mark of exactly this migration. */}}
{{- define "task-api.migration.mark" -}}
{{- $digest := include "task-api.migration.pod" . | sha256sum | trunc 8 }}
{{- include "task-api.suffixed" (dict "context" . "suffix" (printf "migrate-%s" $digest)) }}
{{- end }}

{{/* Name of the migration Job. A Job cannot be changed, so what it runs is part of its name. */}}
{{- define "task-api.migration.job" -}}
{{- include "task-api.jobName" (dict "context" . "name" (include "task-api.migration.mark" .)) }}
{{- end }}
