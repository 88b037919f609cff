{{/* How the migrations run: their containers, their pod and their mark. */}}

{{/* Waits until the database answers. */}}
{{- define "[[chart.name]].migration.wait" -}}
- name: wait-for-database
  image: {{ include "[[chart.name]].image" (dict "context" . "image" .Values.clients.postgresql.image) }}
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
          {{- include "[[chart.name]].[[migration.database]].urlSource" . | nindent 10 }}
    - name: PGCONNECT_TIMEOUT
      value: "5"
    - name: WAIT_SECONDS
      value: {{ int .Values.migration.databaseTimeout | quote }}
  resources:
    {{- include "[[chart.name]].clientResources" . | nindent 4 }}
  securityContext:
    {{- include "[[chart.name]].containerSecurityContext" .Values.migration.podSecurity | nindent 4 }}
{{- end }}

{{/* Migrates. */}}
{{- define "[[chart.name]].migration.run" -}}
- name: migrate
  image: {{ include "[[chart.name]].image" (dict "context" . "image" [[migration.image_v]]) }}
  imagePullPolicy: {{ [[migration.image_v]].pullPolicy }}
#% if migration.command
  {{- with .Values.migration.command }}
  command:
    {{- toYaml . | nindent 4 }}
  {{- end }}
#% endif
#% if migration.models
  {{- $secrets := concat<% for model in migration.models %> [[model.v]].envFromSecrets<% endfor %> .Values.migration.envFromSecrets | uniq }}
  {{- $configMaps := concat<% for model in migration.models %> [[model.v]].envFromConfigMaps<% endfor %> .Values.migration.envFromConfigMaps | uniq }}
#% else
  {{- $secrets := .Values.migration.envFromSecrets }}
  {{- $configMaps := .Values.migration.envFromConfigMaps }}
#% endif
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
#@ variables 4 VARIABLES=migration.variables
    {{- with include "[[chart.name]].migration.env" . | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with .Values.migration.extraEnv }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  resources:
    {{- toYaml .Values.migration.resources | nindent 4 }}
  securityContext:
    {{- include "[[chart.name]].containerSecurityContext" .Values.migration.podSecurity | nindent 4 }}
  {{- with .Values.migration.writableDirectories }}
  volumeMounts:
    {{- range $index, $path := . }}
    - name: migration-writable-{{ $index }}
      mountPath: {{ $path }}
    {{- end }}
  {{- end }}
{{- end }}

{{/* Volumes of the migrations. */}}
{{- define "[[chart.name]].migration.volumes" -}}
{{- range $index, $path := .Values.migration.writableDirectories }}
- name: migration-writable-{{ $index }}
  emptyDir: {}
{{- end }}
{{- end }}
#% if migration.marks

{{/* Tells the waiting pods, in the database itself, that the migrations have finished. */}}
{{- define "[[chart.name]].migration.record" -}}
- name: record
  image: {{ include "[[chart.name]].image" (dict "context" . "image" .Values.clients.postgresql.image) }}
  imagePullPolicy: {{ .Values.clients.postgresql.image.pullPolicy }}
  command:
    - /bin/sh
    - -euc
    - |
      echo "
        set client_min_messages = warning;
        create schema if not exists [[migration.marker_schema]];
        create table if not exists [[migration.marker_schema]].migrations (
          mark text primary key,
          finished_at timestamptz not null default now()
        );
        insert into [[migration.marker_schema]].migrations (mark) values (:'mark') on conflict do nothing;
      " | psql "$DATABASE_URL" --quiet --no-psqlrc --set ON_ERROR_STOP=1 --set mark="$MARK"
      echo "migrations finished: $MARK"
  env:
    - name: DATABASE_URL
      valueFrom:
        secretKeyRef:
          {{- include "[[chart.name]].[[migration.database]].urlSource" . | nindent 10 }}
    - name: MARK
      value: "@MARK@"
  resources:
    {{- include "[[chart.name]].clientResources" . | nindent 4 }}
  securityContext:
    {{- include "[[chart.name]].containerSecurityContext" .Values.migration.podSecurity | nindent 4 }}
{{- end }}

{{/* Pods of the migration Job. */}}
{{- define "[[chart.name]].migration.pod" -}}
metadata:
  labels:
    {{- include "[[chart.name]].podLabels" (dict "context" . "component" "migrate") | nindent 4 }}
  annotations:
    kubectl.kubernetes.io/default-container: migrate
    migration/attempt: {{ .Values.migration.attempt | quote }}
spec:
  {{- with include "[[chart.name]].imagePullSecrets" . }}
  {{- . | nindent 2 }}
  {{- end }}
  serviceAccountName: {{ include "[[chart.name]].serviceAccountName" . | quote }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  restartPolicy: Never
  {{- with include "[[chart.name]].scheduling" .Values.migration }}
  {{- . | nindent 2 }}
  {{- end }}
  securityContext:
    {{- include "[[chart.name]].podSecurityContext" .Values.migration.podSecurity | nindent 4 }}
  initContainers:
    {{- include "[[chart.name]].migration.wait" . | nindent 4 }}
    {{- include "[[chart.name]].migration.run" . | nindent 4 }}
  containers:
    {{- include "[[chart.name]].migration.record" . | nindent 4 }}
  {{- with include "[[chart.name]].migration.volumes" . | trim }}
  volumes:
    {{- . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* What pods wait for: a mark of exactly this migration. */}}
{{- define "[[chart.name]].migration.mark" -}}
{{- $digest := include "[[chart.name]].migration.pod" . | sha256sum | trunc 8 }}
{{- include "[[chart.name]].suffixed" (dict "context" . "suffix" (printf "migrate-%s" $digest)) }}
{{- end }}

{{/* Name of the migration Job. A Job cannot be changed, so what it runs is part of its name. */}}
{{- define "[[chart.name]].migration.job" -}}
{{- include "[[chart.name]].jobName" (dict "context" . "name" (include "[[chart.name]].migration.mark" .)) }}
{{- end }}
#% endif
