{{/* The pod of the migrations. */}}
#% if migration and migration.strategy == "job"

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
              {{- include "[[chart.name]].[[migration.database]].urlSource" . | nindent 14 }}
        - name: PGCONNECT_TIMEOUT
          value: "5"
        - name: WAIT_SECONDS
          value: {{ int .Values.migration.databaseTimeout | quote }}
      resources:
        {{- include "[[chart.name]].clientResources" . | nindent 8 }}
      securityContext:
        {{- include "[[chart.name]].containerSecurityContext" .Values.migration.podSecurity | nindent 8 }}
    - name: migrate
      image: {{ include "[[chart.name]].image" (dict "context" . "image" .Values.migration.image) }}
      imagePullPolicy: {{ .Values.migration.image.pullPolicy }}
#% if migration.command
      command:
        {{- toYaml .Values.migration.command | nindent 8 }}
#% endif
      env:
#% for variable in migration.secrets
#% if variable.dependency
        {{- include "[[chart.name]].[[variable.dependency]].urlVariable" (dict "context" . "name" "[[variable.variable]]") | nindent 8 }}
#% else
        - name: [[variable.variable]]
          valueFrom:
            secretKeyRef:
              name: {{ include "[[chart.name]].secretName" . | quote }}
              key: [[variable.key]]
#% endif
#% endfor
        {{- with include "[[chart.name]].migration.env" . | trim }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- with .Values.migration.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      resources:
        {{- toYaml .Values.migration.resources | nindent 8 }}
      securityContext:
        {{- include "[[chart.name]].containerSecurityContext" .Values.migration.podSecurity | nindent 8 }}
      {{- with .Values.migration.writableDirectories }}
      volumeMounts:
        {{- range $index, $path := . }}
        - name: writable-{{ $index }}
          mountPath: {{ $path }}
        {{- end }}
      {{- end }}
  containers:
    # Tells the waiting pods, in the database itself, that this Job has finished.
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
              {{- include "[[chart.name]].[[migration.database]].urlSource" . | nindent 14 }}
        - name: MARK
          value: "@MARK@"
      resources:
        {{- include "[[chart.name]].clientResources" . | nindent 8 }}
      securityContext:
        {{- include "[[chart.name]].containerSecurityContext" .Values.migration.podSecurity | nindent 8 }}
  {{- with .Values.migration.writableDirectories }}
  volumes:
    {{- range $index, $path := . }}
    - name: writable-{{ $index }}
      emptyDir: {}
    {{- end }}
  {{- end }}
{{- end }}

{{/* What pods wait for: a mark of exactly this migration. */}}
{{- define "[[chart.name]].migration.mark" -}}
{{- $digest := include "[[chart.name]].migration.pod" . | sha256sum | trunc 8 }}
{{- include "[[chart.name]].suffixed" (dict "context" . "suffix" (printf "migrate-%s" $digest)) }}
{{- end }}

{{/* Name of the migration Job. A Job cannot be changed, so what it runs is part of
     its name; one that has failed is followed by another with the next upgrade. */}}
{{- define "[[chart.name]].migration.job" -}}
{{- $name := include "[[chart.name]].migration.mark" . }}
{{- $job := lookup "batch/v1" "Job" .Release.Namespace $name }}
{{- range ($job.status).conditions }}
{{- if and (eq .type "Failed") (eq .status "True") }}
{{- $name = printf "%s-r%d" (trunc 57 $name) (int $.Release.Revision) }}
{{- end }}
{{- end }}
{{- $name }}
{{- end }}
#% endif
