{{/* Name of the chart in labels. */}}
{{- define "[[chart.name]].name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Name of the release's objects; the release's own when it contains the chart's. */}}
{{- define "[[chart.name]].fullname" -}}
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
{{- define "[[chart.name]].suffixed" -}}
{{- $room := sub 62 (len .suffix) | int }}
{{- printf "%s-%s" (include "[[chart.name]].fullname" .context | trunc $room | trimSuffix "-") .suffix }}
{{- end }}

{{/* Chart and version as a label. */}}
{{- define "[[chart.name]].chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Labels that select one component's pods. Takes (dict "context" $ "component" "…"). */}}
{{- define "[[chart.name]].selectorLabels" -}}
app.kubernetes.io/name: {{ include "[[chart.name]].name" .context | quote }}
app.kubernetes.io/instance: {{ .context.Release.Name | quote }}
app.kubernetes.io/component: {{ .component | quote }}
{{- end }}

{{/* Labels of an object. Takes (dict "context" $ "component" "…"). */}}
{{- define "[[chart.name]].labels" -}}
helm.sh/chart: {{ include "[[chart.name]].chart" .context }}
{{ include "[[chart.name]].selectorLabels" . }}
{{- with .context.Chart.AppVersion }}
app.kubernetes.io/version: {{ . | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
{{- end }}
app.kubernetes.io/part-of: {{ include "[[chart.name]].name" .context | quote }}
app.kubernetes.io/managed-by: {{ .context.Release.Service }}
{{- with .context.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Labels of a pod: without versions, so that a new chart alone restarts nothing.
     Takes (dict "context" $ "component" "…" "own" (dict)). */}}
{{- define "[[chart.name]].podLabels" -}}
{{ include "[[chart.name]].selectorLabels" . }}
app.kubernetes.io/part-of: {{ include "[[chart.name]].name" .context | quote }}
{{- with merge (dict) (default dict .own) .context.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Annotations of an object besides its own. */}}
{{- define "[[chart.name]].annotations" -}}
{{- with .Values.commonAnnotations }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* Name of the service account. */}}
{{- define "[[chart.name]].serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "[[chart.name]].fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* Reference of an image. Takes (dict "context" $ "image" .Values.….image). */}}
{{- define "[[chart.name]].image" -}}
{{- with default .image.registry (.context.Values.global).imageRegistry }}{{ . }}/{{ end }}
{{- .image.repository }}
{{- if .image.digest }}@{{ .image.digest }}
{{- else }}:{{ default .context.Chart.AppVersion .image.tag | replace "+" "_" }}
{{- end }}
{{- end }}

{{/* Pull secrets of the release and of the chart. */}}
{{- define "[[chart.name]].imagePullSecrets" -}}
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
{{- define "[[chart.name]].podSecurityContext" -}}
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
{{- define "[[chart.name]].containerSecurityContext" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: {{ .readOnlyRootFilesystem }}
capabilities:
  drop:
    - ALL
{{- end }}

{{/* A value of a variable as text: numbers from values files arrive as floats. */}}
{{- define "[[chart.name]].text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}
#% for w in workloads

{{/* Variables of [[w.name]] that are no secrets. */}}
{{- define "[[chart.name]].[[w.name]].env" -}}
{{- $env := dict }}
#% for variable in w.labels
{{- $_ := set $env "[[variable.variable]]" (index .Values.commonLabels "[[variable.label]]" | default "") }}
#% endfor
{{- range $name, $value := .Values.[[w.key]].env }}
{{- $_ := set $env $name (include "[[chart.name]].text" $value) }}
{{- end }}
{{- toYaml $env }}
{{- end }}
#% endfor
#% if migration

{{/* Variables of the migrations that are no secrets. */}}
{{- define "[[chart.name]].migration.env" -}}
{{- $env := dict }}
#% for variable in migration.labels
{{- $_ := set $env "[[variable.variable]]" (index .Values.commonLabels "[[variable.label]]" | default "") }}
#% endfor
{{- range $name, $value := .Values.migration.env }}
{{- $_ := set $env $name (include "[[chart.name]].text" $value) }}
{{- end }}
{{- range $name, $value := $env }}
- name: {{ $name | quote }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
#% endif
#% if secret.any

{{/* Name of the Secret. Reads only the release and global values, because the
     subcharts ask it too. */}}
{{- define "[[chart.name]].secretName" -}}
{{- $given := ((.Values.global).[[chart.key]]).existingSecret }}
{{- if $given }}
{{- $given }}
{{- else }}
{{- $base := .Release.Name }}
{{- if not (contains "[[chart.name]]" $base) }}{{ $base = printf "%s-[[chart.name]]" $base }}{{ end }}
{{- printf "%s-secret" ($base | trunc 56 | trimSuffix "-") }}
{{- end }}
{{- end }}
#% endif
#% for dep in dependencies
#% if dep.in_release

{{/* Host of [[dep.name]], asked from its own chart; empty when it is switched off. */}}
{{- define "[[chart.name]].[[dep.name]].host" -}}
{{- with <% if dep.plain %>.Subcharts.[[dep.name]]<% else %>(index .Subcharts "[[dep.name]]")<% endif %> }}[[dep.host_template]]{{ end }}
{{- end }}

{{/* URL of [[dep.name]]. Takes (dict "context" $ "password" "…"). */}}
{{- define "[[chart.name]].[[dep.name]].url" -}}
{{- $password := .password | urlquery | replace "+" "%20" }}
{{- $host := include "[[chart.name]].[[dep.name]].host" .context }}
#% if dep.engine == "postgresql"
{{- $values := <% if dep.plain %>.context.Values.[[dep.name]]<% else %>(index .context.Values "[[dep.name]]")<% endif %> }}
{{- $user := $values<% for part in dep.user_path %>.[[part]]<% endfor %> | urlquery | replace "+" "%20" }}
{{- printf "postgresql://%s:%s@%s:[[dep.port]]/%s" $user $password $host $values<% for part in dep.database_path %>.[[part]]<% endfor %> }}
#% else
{{- printf "redis://:%s@%s:[[dep.port]]/0" $password $host }}
#% endif
{{- end }}
#% endif
#% endfor
#% if secret.any

{{/* Where the connections lead, without passwords: pods restart when it changes. */}}
{{- define "[[chart.name]].connections" -}}
{{ include "[[chart.name]].secretName" . }}
#% for dep in dependencies
#% if dep.in_release
{{- if include "[[chart.name]].[[dep.name]].host" . }}
{{ include "[[chart.name]].[[dep.name]].url" (dict "context" . "password" "") }}
{{- end }}
#% endif
#% endfor
{{- end }}
#% endif

{{/* Egress to the cluster's DNS. */}}
{{- define "[[chart.name]].dnsEgress" -}}
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
#% for dep in dependencies

{{/* Egress to [[dep.name]]. */}}
{{- define "[[chart.name]].[[dep.name]].egress" -}}
#% if dep.in_release
{{- if <% if dep.plain %>.Values.[[dep.name]].enabled<% else %>(index .Values "[[dep.name]]").enabled<% endif %> -}}
- to:
    - podSelector:
        matchLabels:
          app.kubernetes.io/name: [[dep.name]]
          app.kubernetes.io/instance: {{ .Release.Name | quote }}
  ports:
    - port: [[dep.port]]
      protocol: TCP
{{- else -}}
- ports:
    - port: [[dep.port]]
      protocol: TCP
{{- end }}
#% else
- ports:
    - port: [[dep.port]]
      protocol: TCP
#% endif
{{- end }}
#% endfor
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
              name: {{ include "[[chart.name]].secretName" . | quote }}
              key: [[migration.url_key]]
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
        - name: [[variable.variable]]
          valueFrom:
            secretKeyRef:
              name: {{ include "[[chart.name]].secretName" . | quote }}
              key: [[variable.key]]
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
              name: {{ include "[[chart.name]].secretName" . | quote }}
              key: [[migration.url_key]]
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

{{/* Where pods go. Takes .Values.… with nodeSelector, tolerations and so on. */}}
{{- define "[[chart.name]].scheduling" -}}
{{- $set := dict }}
{{- range $key := list "nodeSelector" "tolerations" "affinity" "priorityClassName" }}
{{- with index $ $key }}{{ $_ := set $set $key . }}{{ end }}
{{- end }}
{{- with $set }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* What a small client needs. */}}
{{- define "[[chart.name]].clientResources" -}}
requests:
  cpu: 10m
  memory: 32Mi
limits:
  cpu: 100m
  memory: 64Mi
{{- end }}
