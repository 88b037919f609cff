{{/* Name of the chart in labels. */}}
{{- define "task-api.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Name of the release's objects; the release's own when it contains the chart's. */}}
{{- define "task-api.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/* Full name with a suffix that survives the limit of 63 characters.
     Takes (dict "context" $ "suffix" "…"). */}}
{{- define "task-api.suffixed" -}}
{{- $room := sub 62 (len .suffix) | int }}
{{- printf "%s-%s" (include "task-api.fullname" .context | trunc $room | trimSuffix "-") .suffix }}
{{- end }}

{{/* Chart and version as a label. */}}
{{- define "task-api.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Labels that select one component's pods. Takes (dict "context" $ "component" "…"). */}}
{{- define "task-api.selectorLabels" -}}
app.kubernetes.io/name: {{ include "task-api.name" .context | quote }}
app.kubernetes.io/instance: {{ .context.Release.Name | quote }}
app.kubernetes.io/component: {{ .component | quote }}
{{- end }}

{{/* Labels of an object. Takes (dict "context" $ "component" "…"). */}}
{{- define "task-api.labels" -}}
helm.sh/chart: {{ include "task-api.chart" .context }}
{{ include "task-api.selectorLabels" . }}
{{- with .context.Chart.AppVersion }}
app.kubernetes.io/version: {{ . | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
{{- end }}
app.kubernetes.io/part-of: {{ include "task-api.name" .context | quote }}
app.kubernetes.io/managed-by: {{ .context.Release.Service }}
{{- with .context.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Labels of a pod: without versions, so that a new chart alone restarts nothing.
     Takes (dict "context" $ "component" "…" "own" (dict)). */}}
{{- define "task-api.podLabels" -}}
{{ include "task-api.selectorLabels" . }}
app.kubernetes.io/part-of: {{ include "task-api.name" .context | quote }}
{{- with merge (dict) (default dict .own) .context.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Annotations of an object besides its own. */}}
{{- define "task-api.annotations" -}}
{{- with .Values.commonAnnotations }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* Name of the service account. */}}
{{- define "task-api.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "task-api.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* Reference of an image. Takes (dict "context" $ "image" .Values.….image). */}}
{{- define "task-api.image" -}}
{{- with default .image.registry (.context.Values.global).imageRegistry }}{{ . }}/{{ end }}
{{- .image.repository }}
{{- if .image.digest }}@{{ .image.digest }}
{{- else }}:{{ default .context.Chart.AppVersion .image.tag | replace "+" "_" }}
{{- end }}
{{- end }}

{{/* Pull secrets of the release and of the chart. */}}
{{- define "task-api.imagePullSecrets" -}}
{{- $names := list }}
{{- range concat (default list (.Values.global).imagePullSecrets) .Values.imagePullSecrets }}
{{- $name := . }}
{{- if kindIs "map" . }}{{ $name = .name }}{{ end }}
{{- $names = append $names $name }}
{{- end }}
{{- with uniq $names -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Security of a pod within the restricted standard. Takes .Values.….podSecurity. */}}
{{- define "task-api.podSecurityContext" -}}
runAsNonRoot: true
{{- with .runAsUser }}
runAsUser: {{ int64 . }}
{{- end }}
{{- with .runAsGroup }}
runAsGroup: {{ int64 . }}
{{- end }}
{{- with .fsGroup }}
fsGroup: {{ int64 . }}
fsGroupChangePolicy: OnRootMismatch
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* Security of a container within the restricted standard. Takes .Values.….podSecurity. */}}
{{- define "task-api.containerSecurityContext" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: {{ .readOnlyRootFilesystem }}
capabilities:
  drop:
    - ALL
{{- end }}

{{/* A value of a variable as text: numbers from values files arrive as floats. */}}
{{- define "task-api.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{/* Variables of agent that are no secrets. */}}
{{- define "task-api.agent.env" -}}
{{- $env := dict }}
{{- $_ := set $env "ORGANIZATION" (index .Values.commonLabels "team" | default "") }}
{{- $_ := set $env "ENVIRONMENT" (index .Values.commonLabels "environment" | default "") }}
{{- range $name, $value := .Values.agent.env }}
{{- $_ := set $env $name (include "task-api.text" $value) }}
{{- end }}
{{- toYaml $env }}
{{- end }}

{{/* Variables of the migrations that are no secrets. */}}
{{- define "task-api.migration.env" -}}
{{- $env := dict }}
{{- range $name, $value := .Values.migration.env }}
{{- $_ := set $env $name (include "task-api.text" $value) }}
{{- end }}
{{- range $name, $value := $env }}
- name: {{ $name | quote }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* Name of the Secret. Reads only the release and global values, because the
     subcharts ask it too. */}}
{{- define "task-api.secretName" -}}
{{- $given := ((.Values.global).taskApi).existingSecret }}
{{- if $given }}
{{- $given }}
{{- else }}
{{- $base := .Release.Name }}
{{- if not (contains "task-api" $base) }}{{ $base = printf "%s-task-api" $base }}{{ end }}
{{- printf "%s-secret" ($base | trunc 56 | trimSuffix "-") }}
{{- end }}
{{- end }}

{{/* Host of postgresql, asked from its own chart; empty when it is switched off. */}}
{{- define "task-api.postgresql.host" -}}
{{- with .Subcharts.postgresql }}{{ include "postgresql.v1.primary.fullname" . }}{{ end }}
{{- end }}

{{/* URL of postgresql. Takes (dict "context" $ "password" "…"). */}}
{{- define "task-api.postgresql.url" -}}
{{- $password := .password | urlquery | replace "+" "%20" }}
{{- $host := include "task-api.postgresql.host" .context }}
{{- $values := .context.Values.postgresql }}
{{- $user := $values.auth.username | urlquery | replace "+" "%20" }}
{{- printf "postgresql://%s:%s@%s:5432/%s" $user $password $host $values.auth.database }}
{{- end }}

{{/* Host of redis, asked from its own chart; empty when it is switched off. */}}
{{- define "task-api.redis.host" -}}
{{- with .Subcharts.redis }}{{ include "common.names.fullname" . }}-master{{ end }}
{{- end }}

{{/* URL of redis. Takes (dict "context" $ "password" "…"). */}}
{{- define "task-api.redis.url" -}}
{{- $password := .password | urlquery | replace "+" "%20" }}
{{- $host := include "task-api.redis.host" .context }}
{{- printf "redis://:%s@%s:6379/0" $password $host }}
{{- end }}

{{/* Where the connections lead, without passwords: pods restart when it changes. */}}
{{- define "task-api.connections" -}}
{{ include "task-api.secretName" . }}
{{- if include "task-api.postgresql.host" . }}
{{ include "task-api.postgresql.url" (dict "context" . "password" "") }}
{{- end }}
{{- if include "task-api.redis.host" . }}
{{ include "task-api.redis.url" (dict "context" . "password" "") }}
{{- end }}
{{- end }}

{{/* Egress to the cluster's DNS. */}}
{{- define "task-api.dnsEgress" -}}
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ .Values.networkPolicy.dns.namespace | quote }}
      podSelector:
        matchLabels:
          {{- toYaml .Values.networkPolicy.dns.podLabels | nindent 10 }}
    {{- range .Values.networkPolicy.dns.cidrs }}
    - ipBlock:
        cidr: {{ . | quote }}
    {{- end }}
  ports:
    {{- range .Values.networkPolicy.dns.ports }}
    - port: {{ int . }}
      protocol: UDP
    - port: {{ int . }}
      protocol: TCP
    {{- end }}
{{- end }}

{{/* Egress to postgresql. */}}
{{- define "task-api.postgresql.egress" -}}
{{- if .Values.postgresql.enabled -}}
- to:
    - podSelector:
        matchLabels:
          app.kubernetes.io/name: postgresql
          app.kubernetes.io/instance: {{ .Release.Name | quote }}
  ports:
    - port: 5432
      protocol: TCP
{{- else -}}
- ports:
    - port: 5432
      protocol: TCP
{{- end }}
{{- end }}

{{/* Egress to redis. */}}
{{- define "task-api.redis.egress" -}}
{{- if .Values.redis.enabled -}}
- to:
    - podSelector:
        matchLabels:
          app.kubernetes.io/name: redis
          app.kubernetes.io/instance: {{ .Release.Name | quote }}
  ports:
    - port: 6379
      protocol: TCP
{{- else -}}
- ports:
    - port: 6379
      protocol: TCP
{{- end }}
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
              name: {{ include "task-api.secretName" . | quote }}
              key: database-url
        - name: PGCONNECT_TIMEOUT
          value: "5"
        - name: WAIT_SECONDS
          value: {{ int .Values.migration.databaseTimeout | quote }}
      resources:
        {{- include "task-api.clientResources" . | nindent 8 }}
      securityContext:
        {{- include "task-api.containerSecurityContext" .Values.migration.podSecurity | nindent 8 }}
    - name: migrate
      image: {{ include "task-api.image" (dict "context" . "image" .Values.migration.image) }}
      imagePullPolicy: {{ .Values.migration.image.pullPolicy }}
      command:
        {{- toYaml .Values.migration.command | nindent 8 }}
      env:
        - name: DATABASE_URL
          valueFrom:
            secretKeyRef:
              name: {{ include "task-api.secretName" . | quote }}
              key: database-url
        {{- with include "task-api.migration.env" . | trim }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- with .Values.migration.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      resources:
        {{- toYaml .Values.migration.resources | nindent 8 }}
      securityContext:
        {{- include "task-api.containerSecurityContext" .Values.migration.podSecurity | nindent 8 }}
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
              name: {{ include "task-api.secretName" . | quote }}
              key: database-url
        - name: MARK
          value: "@MARK@"
      resources:
        {{- include "task-api.clientResources" . | nindent 8 }}
      securityContext:
        {{- include "task-api.containerSecurityContext" .Values.migration.podSecurity | nindent 8 }}
  {{- with .Values.migration.writableDirectories }}
  volumes:
    {{- range $index, $path := . }}
    - name: writable-{{ $index }}
      emptyDir: {}
    {{- end }}
  {{- end }}
{{- end }}

{{/* What pods wait for: a mark of exactly this migration. */}}
{{- define "task-api.migration.mark" -}}
{{- $digest := include "task-api.migration.pod" . | sha256sum | trunc 8 }}
{{- include "task-api.suffixed" (dict "context" . "suffix" (printf "migrate-%s" $digest)) }}
{{- end }}

{{/* Name of the migration Job. A Job cannot be changed, so what it runs is part of
     its name; one that has failed is followed by another with the next upgrade. */}}
{{- define "task-api.migration.job" -}}
{{- $name := include "task-api.migration.mark" . }}
{{- $job := lookup "batch/v1" "Job" .Release.Namespace $name }}
{{- range ($job.status).conditions }}
{{- if and (eq .type "Failed") (eq .status "True") }}
{{- $name = printf "%s-r%d" (trunc 57 $name) (int $.Release.Revision) }}
{{- end }}
{{- end }}
{{- $name }}
{{- end }}

{{/* Where pods go. Takes .Values.… with nodeSelector, tolerations and so on. */}}
{{- define "task-api.scheduling" -}}
{{- $set := dict }}
{{- range $key := list "nodeSelector" "tolerations" "affinity" "priorityClassName" }}
{{- with index $ $key }}{{ $_ := set $set $key . }}{{ end }}
{{- end }}
{{- with $set }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* What a small client needs. */}}
{{- define "task-api.clientResources" -}}
requests:
  cpu: 10m
  memory: 32Mi
limits:
  cpu: 100m
  memory: 64Mi
{{- end }}
